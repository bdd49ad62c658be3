package connectsim

// handlers says who serves each operation.
func handlers() map[string]handler {
	return map[string]handler{
		"DescribeInstance": (*Server).describeInstance,

		"ListUsers":                  (*Server).listUsers,
		"SearchUsers":                (*Server).searchUsers,
		"DescribeUser":               (*Server).describeUser,
		"CreateUser":                 (*Server).createUser,
		"DeleteUser":                 (*Server).deleteUser,
		"UpdateUserIdentityInfo":     (*Server).updateIdentity,
		"UpdateUserRoutingProfile":   (*Server).updateUserProfile,
		"UpdateUserSecurityProfiles": (*Server).updateUserRights,
		"UpdateUserPhoneConfig":      (*Server).updatePhone,

		"ListQueues":    (*Server).listQueues,
		"DescribeQueue": (*Server).describeQueue,
		"SearchQueues":  (*Server).searchQueues,

		"ListRoutingProfiles":              (*Server).listProfiles,
		"SearchRoutingProfiles":            (*Server).searchProfiles,
		"DescribeRoutingProfile":           (*Server).describeProfile,
		"CreateRoutingProfile":             (*Server).createProfile,
		"ListRoutingProfileQueues":         (*Server).listProfileQueues,
		"AssociateRoutingProfileQueues":    (*Server).associateQueues,
		"DisassociateRoutingProfileQueues": (*Server).disassociateQueues,
		"UpdateRoutingProfileQueues":       (*Server).updateQueues,

		"ListSecurityProfiles":  (*Server).listSecurityProfiles,
		"ListHoursOfOperations": (*Server).listHours,
		"ListContactFlows":      (*Server).listFlows,
		"ListQuickConnects":     (*Server).listQuickConnects,
		"CreateQuickConnect":    (*Server).createQuickConnect,
		"ListAgentStatuses":     (*Server).listStatuses,

		"ListPhoneNumbersV2":                 (*Server).listNumbers,
		"DescribePhoneNumber":                (*Server).describeNumber,
		"AssociatePhoneNumberContactFlow":    (*Server).associateFlow,
		"DisassociatePhoneNumberContactFlow": (*Server).disassociateFlow,
		"ListFlowAssociations":               (*Server).listFlowAssociations,

		"PutUserStatus":      (*Server).putStatus,
		"GetCurrentUserData": (*Server).currentUsers,
		"SearchContacts":     (*Server).searchContacts,
		"DescribeContact":    (*Server).describeContact,
	}
}
