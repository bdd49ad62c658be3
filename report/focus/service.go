package focus

import (
	"maps"
	"slices"
)

// subcategories are those of each service category, as the specification lists
// them; each category has one more, Other and its own name in parentheses.
func subcategories() map[string][]string {
	return map[string][]string{
		"AI and Machine Learning":   {"AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing"},
		"Analytics":                 {"Analytics Platforms", "Business Intelligence", "Data Processing", "Search", "Streaming Analytics"},
		"Business Applications":     {"Productivity and Collaboration"},
		"Compute":                   {"Containers", "End User Computing", "Quantum Compute", "Serverless Compute", "Virtual Machines"},
		"Databases":                 {"Caching", "Data Warehouses", "Ledger Databases", "NoSQL Databases", "Relational Databases", "Time Series Databases"},
		"Developer Tools":           {"Developer Platforms", "Continuous Integration and Deployment", "Development Environments", "Source Code Management", "Quality Assurance"},
		"Identity":                  {"Identity and Access Management"},
		"Integration":               {"API Management", "Messaging", "Workflow Orchestration"},
		"Internet of Things":        {"IoT Analytics", "IoT Platforms"},
		"Management and Governance": {"Architecture", "Compliance", "Cost Management", "Data Governance", "Disaster Recovery", "Endpoint Management", "Observability", "Support"},
		"Media":                     {"Content Creation", "Gaming", "Media Streaming", "Mixed Reality"},
		"Migration":                 {"Data Migration", "Resource Migration"},
		"Mobile":                    nil,
		"Multicloud":                {"Multicloud Integration"},
		"Networking":                {"Application Networking", "Content Delivery", "Network Connectivity", "Network Infrastructure", "Network Routing", "Network Security"},
		"Security":                  {"Secret Management", "Security Posture Management", "Threat Detection and Response"},
		"Storage":                   {"Backup Storage", "Block Storage", "File Storage", "Object Storage", "Storage Platforms"},
		"Web":                       {"Application Platforms"},
		"Other":                     nil,
	}
}

func categories() []string { return slices.Sorted(maps.Keys(subcategories())) }

func serviceRules() []rowRule {
	below := subcategories()
	return []rowRule{
		must("ServiceSubcategory/parent", "the subcategory is one of the category's", "ServiceSubcategory ServiceCategory", func(r row) bool {
			category, sub := r.get("ServiceCategory"), r.get("ServiceSubcategory")
			return sub == "" || sub == "Other ("+category+")" || slices.Contains(below[category], sub)
		}),
	}
}
