package systems

import (
	"context"
	"iter"
	"time"

	"github.com/dualtone/dualtone"
)

// CRM is the system in which agents work and whose softphone they use.
type CRM struct {
	Name string
	Kind string

	Health      Health
	Directory   Directory
	Softphones  Softphones
	CallCenters CallCenters
	CallLog     CallLog
	// Usage is nil where the CRM does not tell it.
	Usage Usage
	// Survey reads many users at once; nil where they can only be read one by one.
	Survey Survey

	// Closer lets go of the CRM's connections; nil if it holds none.
	Closer func() error
}

// SoftphoneChange is one user's wanted change of softphone.
type SoftphoneChange struct {
	User     dualtone.UserID
	From, To dualtone.Softphone
}

// Softphones reads and moves users' softphones.
type Softphones interface {
	Softphone(ctx context.Context, user dualtone.UserID) (dualtone.Softphone, error)
	// SetSoftphones writes many in as few requests as the CRM allows and answers
	// each change by itself, in order: nil, ErrConflict when the softphone is no
	// longer From, ErrUnknown when it could not be read back. It is safe twice.
	SetSoftphones(ctx context.Context, changes []SoftphoneChange) []error
}

// CallCenters reads call center records and deploys their definitions.
type CallCenters interface {
	CallCenters(ctx context.Context) iter.Seq2[dualtone.CallCenter, error]
	// Definition returns the whole definition of a call center by its internal
	// name; Deploy creates or replaces it.
	Definition(ctx context.Context, internal string) (CallCenterDefinition, error)
	Deploy(ctx context.Context, definition CallCenterDefinition) error
}

// CallLog reads what the CRM itself recorded of calls.
type CallLog interface {
	// Calls lists the records of calls that were written, or that say they began,
	// from one time to before another, in no order. A record that is written when
	// a call is over may tell of one that began before. An error ends the list;
	// what came before it is not the whole.
	Calls(ctx context.Context, from, to time.Time) iter.Seq2[dualtone.LoggedCall, error]
}

// Usage tells how much of what the CRM answers in a day is used up, by everybody.
type Usage interface {
	Requests(ctx context.Context) (Requests, error)
}

// Requests are those of the last 24 hours, and how many are allowed in as many.
type Requests struct {
	Used    int       `json:"used"`
	Allowed int       `json:"allowed"`
	At      time.Time `json:"at"`
}

// CallCenterDefinition is what a call center's record was made from.
type CallCenterDefinition struct {
	Internal   string              `json:"internal_name"`
	Name       string              `json:"name"`
	AdapterURL string              `json:"adapter_url"`
	Version    string              `json:"version,omitempty"`
	Sections   []CallCenterSection `json:"sections,omitempty"`
}

// CallCenterSection is a named group of a definition's settings.
type CallCenterSection struct {
	Name  string           `json:"name"`
	Label string           `json:"label"`
	Items []CallCenterItem `json:"items"`
}

// CallCenterItem is one setting of a definition.
type CallCenterItem struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value"`
}

// Close lets go of the CRM's connections.
func (c *CRM) Close() error {
	if c.Closer == nil {
		return nil
	}
	return c.Closer()
}
