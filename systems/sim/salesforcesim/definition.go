package salesforcesim

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// section is a part of a call center's definition.
type section struct {
	Label string
	Name  string
	Items []sectionItem
}

type sectionItem struct{ Label, Name, Value string }

// definition is a call center as the Metadata API shows it.
type definition struct {
	fullName          string
	adapterURL        string
	customSettings    string
	displayName       string
	displayNameLabel  string
	internalNameLabel string
	sections          []section
	version           string
}

// definitionOf reads what a client sent, in a file or in a call.
func definitionOf(n *node) definition {
	d := definition{
		fullName: n.text("fullName"), adapterURL: n.text("adapterUrl"), customSettings: n.text("customSettings"),
		displayName: n.text("displayName"), displayNameLabel: n.text("displayNameLabel"),
		internalNameLabel: n.text("internalNameLabel"), version: n.text("version"),
	}
	for _, part := range n.children("sections") {
		s := section{Label: part.text("label"), Name: part.text("name")}
		for _, line := range part.children("items") {
			s.Items = append(s.Items, sectionItem{line.text("label"), line.text("name"), line.text("value")})
		}
		d.sections = append(d.sections, s)
	}
	return d
}

// parseDefinition reads a .callCenter file.
func parseDefinition(text []byte) (definition, *Error) {
	var top node
	if err := xml.Unmarshal(text, &top); err != nil {
		return definition{}, badRequest("UNKNOWN_EXCEPTION", "Error parsing file: %v", err)
	}
	if top.XMLName.Local != "CallCenter" || top.XMLName.Space != metadataSpace {
		return definition{}, badRequest("UNKNOWN_EXCEPTION", "Element {%s}%s invalid at this location", top.XMLName.Space, top.XMLName.Local)
	}
	return definitionOf(&top), nil
}

// check asks what the Metadata API asks before it takes a definition.
func (d definition) check() *Error {
	for _, needed := range []struct{ name, value string }{
		{"fullName", d.fullName},
		{"displayName", d.displayName},
		{"displayNameLabel", d.displayNameLabel},
		{"internalNameLabel", d.internalNameLabel},
	} {
		if needed.value == "" {
			return badRequest("REQUIRED_FIELD_MISSING", "Required field is missing: %s", needed.name).on(needed.name)
		}
	}
	first := d.fullName[0]
	plainName := len(d.fullName) <= 40 && isLetter(first)
	for i := range len(d.fullName) {
		plainName = plainName && (isLetter(d.fullName[i]) || isDigit(d.fullName[i]) || d.fullName[i] == '_')
	}
	if !plainName {
		return badRequest("INVALID_FULL_NAME", "The internal name must start with a letter and have at most 40 letters and digits: %s", d.fullName).on("fullName")
	}
	for _, s := range d.sections {
		if s.Label == "" || s.Name == "" {
			return badRequest("REQUIRED_FIELD_MISSING", "Required field is missing: sections").on("sections")
		}
	}
	return nil
}

// elements is the definition in the order of the contract.
func (d definition) elements() []element {
	var all []element
	add := func(name, value string) {
		if value != "" {
			all = append(all, leaf(name, value))
		}
	}
	add("adapterUrl", d.adapterURL)
	add("customSettings", d.customSettings)
	add("displayName", d.displayName)
	add("displayNameLabel", d.displayNameLabel)
	add("internalNameLabel", d.internalNameLabel)
	for _, s := range d.sections {
		var inner []element
		for _, i := range s.Items {
			inner = append(inner, el("items", leaf("label", i.Label), leaf("name", i.Name), leaf("value", i.Value)))
		}
		all = append(all, el("sections", append(inner, leaf("label", s.Label), leaf("name", s.Name))...))
	}
	add("version", d.version)
	return all
}

// file is the definition as a .callCenter file.
func (d definition) file() string {
	var out strings.Builder
	out.WriteString(xml.Header)
	element{name: "CallCenter", attrs: ` xmlns="` + metadataSpace + `"`, inner: d.elements()}.write(&out)
	return out.String()
}

// definition reads a call center out of the org.
func (o *Org) definition(internal string) (definition, *row) {
	rows := o.tables["CallCenter"].find("InternalName", internal)
	if len(rows) == 0 {
		return definition{}, nil
	}
	v := rows[0].values
	labels, ok := o.labels[shown(v["InternalName"])]
	if !ok {
		labels = [2]string{"Display Name", "Internal Name"}
	}
	return definition{
		fullName: shown(v["InternalName"]), adapterURL: shown(v["AdapterUrl"]), customSettings: shown(v["CustomSettings"]),
		displayName: shown(v["Name"]), displayNameLabel: labels[0], internalNameLabel: labels[1],
		sections: o.sections[shown(v["InternalName"])], version: shown(v["Version"]),
	}, rows[0]
}

// define creates a call center or replaces its definition.
func (t *tx) define(d definition) (id string, created bool, err *Error) {
	if err := d.check(); err != nil {
		return "", false, err
	}
	if !t.org.may(t.by, "PermissionsManageCallCenters") {
		return "", false, badRequest("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	}
	values := Values{"Name": d.displayName, "AdapterUrl": nil, "CustomSettings": nil, "Version": nil}
	if d.adapterURL != "" {
		values["AdapterUrl"] = d.adapterURL
	}
	if d.customSettings != "" {
		values["CustomSettings"] = d.customSettings
	}
	if d.version != "" {
		number, bad := strconv.ParseFloat(d.version, 64)
		if bad != nil {
			return "", false, badRequest("INVALID_TYPE_ON_FIELD_IN_RECORD", "version: value not of required type: %s", d.version).on("version")
		}
		values["Version"] = number
	}
	_, old := t.org.definition(d.fullName)
	name := d.fullName
	if old == nil {
		values["InternalName"] = name
		id, created = t.put("CallCenter", values), true
		t.audit("Call Centers", "createdCallCenter", "Created call center "+d.displayName)
	} else {
		id, name = old.id, shown(old.values["InternalName"])
		t.set("CallCenter", id, values)
		t.audit("Call Centers", "changedCallCenter", "Changed call center "+d.displayName)
	}
	sections, labels := t.org.sections[name], t.org.labels[name]
	t.org.sections[name] = d.sections
	t.org.labels[name] = [2]string{d.displayNameLabel, d.internalNameLabel}
	t.undo = append(t.undo, func() { t.org.sections[name], t.org.labels[name] = sections, labels })
	return id, created, nil
}
