package salesforcesim

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// OrgOptions say what kind of org it is.
type OrgOptions struct {
	// Name is the company's; empty for Example Company.
	Name string
	// Sandbox makes the org a sandbox.
	Sandbox bool
	// Clock is the org's time; nil for the machine's.
	Clock sim.Clock
	// ExternalIDs are custom text fields that identify records of other
	// systems, such as {"Task", "Call_Key__c"}.
	ExternalIDs []CustomField
}

// CustomField names a field that an administrator added to an object.
type CustomField struct{ Object, Name string }

// Org is the records of one Salesforce org and its rules about them. It is safe
// for concurrent use.
type Org struct {
	// Faults are the planned failures of the servers in front of the org.
	Faults *sim.Faults

	clock  sim.Clock
	schema *schema

	mu       sync.Mutex
	tables   map[string]*table
	history  []Change
	sections map[string][]section // call center definitions by internal name
	labels   map[string][2]string
	sessions map[string]*session
	company  string // the org's own id
	admin    string // the user who acts in Setup
}

// NewOrg returns an org with an administrator and nobody else.
func NewOrg(options OrgOptions) (*Org, error) {
	if options.Clock == nil {
		options.Clock = sim.RealTime{}
	}
	if options.Name == "" {
		options.Name = "Example Company"
	}
	known, err := loadSchema(schemaText)
	if err != nil {
		return nil, err
	}
	for _, custom := range options.ExternalIDs {
		o := known.object(custom.Object)
		if o == nil {
			return nil, fmt.Errorf("salesforcesim: custom field %s.%s: no such object", custom.Object, custom.Name)
		}
		o.add(&field{
			name: custom.Name, label: custom.Name, kind: "string", length: 255, nillable: true,
			createable: true, updateable: true, externalID: true, indexed: true, unique: true,
		})
	}
	org := &Org{
		Faults: sim.NewFaults(options.Clock), clock: options.Clock, schema: known,
		tables: map[string]*table{}, sections: map[string][]section{},
		labels: map[string][2]string{}, sessions: map[string]*session{},
	}
	for _, o := range known.objects {
		org.tables[o.name] = newTable(o)
	}
	return org, org.found(options)
}

// found puts in what every org has from its first day.
func (o *Org) found(options OrgOptions) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.begin("", "founding")
	o.company = t.put("Organization", Values{
		"Name": options.Name, "IsSandbox": options.Sandbox, "InstanceName": "SIM1",
		"OrganizationType": "Enterprise Edition",
	})
	administrator := t.put("Profile", Values{
		"Name": "System Administrator", "UserType": "Standard",
		"PermissionsManageUsers": true, "PermissionsManageCallCenters": true,
	})
	t.put("Profile", Values{"Name": "Standard User", "UserType": "Standard"})
	o.admin = t.put("User", Values{
		"Username": "admin@example.com", "LastName": "Admin", "FirstName": "Org", "Name": "Org Admin",
		"Email": "admin@example.com", "Alias": "admin", "ProfileId": administrator,
	})
	o.history = nil
	return nil
}

// ID is the org's id, which a sandbox refresh changes.
func (o *Org) ID() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.company
}

// Admin is the id of the administrator every org starts with.
func (o *Org) Admin() string { return o.admin }

// Now is the org's time.
func (o *Org) Now() time.Time { return o.clock.Now() }

// Create adds a record as an administrator does in Setup, Salesforce's rules
// included, and returns its id.
func (o *Org) Create(object string, values Values) (string, error) {
	var id string
	err := o.inSetup(func(t *tx) *Error {
		var err *Error
		id, err = t.create(object, values)
		return err
	})
	return id, err
}

// Change edits a record as an administrator does in Setup, rules included.
func (o *Org) Change(object, id string, values Values) error {
	return o.inSetup(func(t *tx) *Error { return t.change(object, id, values) })
}

// Delete removes a record as an administrator does in Setup, rules included.
func (o *Org) Delete(object, id string) error {
	return o.inSetup(func(t *tx) *Error { return t.delete(object, id) })
}

func (o *Org) inSetup(do func(*tx) *Error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.begin(o.admin, "setup")
	if err := do(t); err != nil {
		t.rollback(0)
		return err
	}
	return nil
}

// Record returns a copy of a record's fields.
func (o *Org) Record(id string) (Values, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.row(id)
	if r == nil {
		return nil, false
	}
	copied := Values{"Id": r.id}
	maps.Copy(copied, r.values)
	return copied, true
}

// Find returns the ids of the records of an object whose field has the value.
func (o *Org) Find(object, name string, value any) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables[object]
	if t == nil {
		return nil
	}
	var ids []string
	for _, r := range t.all() {
		if fold(r.values[name]) == fold(value) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// row finds a record by either form of its id.
func (o *Org) row(id string) *row {
	long, ok := longForm(id)
	if !ok {
		return nil
	}
	kind := o.schema.byPrefix[long[:prefixLength]]
	if kind == nil {
		return nil
	}
	return o.tables[kind.name].rows[long]
}
