package salesforcesim

import "net/http"

func brief(o *object, version string) map[string]any {
	base := "/services/data/" + version + "/sobjects/" + o.name
	return map[string]any{
		"name": o.name, "label": o.label, "labelPlural": o.label + "s", "keyPrefix": o.prefix,
		"queryable": o.query, "retrieveable": o.query, "createable": o.create, "updateable": o.update,
		"deletable": o.delete, "undeletable": false, "replicateable": o.query, "searchable": o.query,
		"custom": false, "customSetting": false, "deprecatedAndHidden": false, "feedEnabled": false,
		"layoutable": !o.setup, "mergeable": false, "triggerable": !o.setup,
		"urls": map[string]any{"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"},
	}
}

func (s *Server) describeGlobal(c *call) reply {
	if c.method != http.MethodGet {
		return wrongMethod(c)
	}
	list := []any{}
	for _, o := range s.org.schema.objects {
		list = append(list, brief(o, c.version))
	}
	return answer(http.StatusOK, map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
}

func (s *Server) describe(c *call, o *object) reply {
	if c.method != http.MethodGet {
		return wrongMethod(c)
	}
	whole := brief(o, c.version)
	fields := []any{}
	for _, f := range o.fields {
		fields = append(fields, f.describe())
	}
	children := []any{}
	for _, other := range s.org.schema.objects {
		for _, f := range other.fields {
			if f.refersTo == o.name {
				children = append(children, map[string]any{
					"childSObject": other.name, "field": f.name, "cascadeDelete": false, "deprecatedAndHidden": false,
					"relationshipName": nil, "restrictedDelete": false,
				})
			}
		}
	}
	whole["fields"], whole["childRelationships"], whole["recordTypeInfos"] = fields, children, []any{}
	return answer(http.StatusOK, whole)
}

func (f *field) describe() map[string]any {
	values := []any{}
	for _, v := range f.values {
		values = append(values, map[string]any{"value": v, "label": v, "active": true, "defaultValue": v == f.preset})
	}
	refers := []string{}
	if f.refersTo != "" {
		refers = append(refers, f.refersTo)
	}
	var relationship any
	if f.relationship != "" {
		relationship = f.relationship
	}
	return map[string]any{
		"name": f.name, "label": f.label, "type": f.kind, "soapType": soapType(f.kind), "length": f.length, "byteLength": f.length * 3,
		"nillable": f.nillable, "createable": f.createable, "updateable": f.updateable, "unique": f.unique,
		"externalId": f.externalID, "idLookup": f.externalID || f.name == "Id", "referenceTo": refers,
		"relationshipName": relationship, "picklistValues": values, "restrictedPicklist": len(values) > 0,
		"filterable": f.kind != "textarea", "sortable": f.kind != "textarea", "groupable": f.kind != "textarea" && f.kind != "datetime",
		"defaultedOnCreate": f.preset != nil, "custom": f.externalID, "calculated": false, "caseSensitive": false,
		"permissionable": false, "defaultValue": f.preset, "digits": 0, "precision": 0, "scale": 0,
	}
}

func soapType(kind string) string {
	switch kind {
	case "id", "reference":
		return "tns:ID"
	case "boolean", "int", "double", "date":
		return "xsd:" + kind
	case "datetime":
		return "xsd:dateTime"
	default:
		return "xsd:string"
	}
}
