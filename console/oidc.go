package console

import "github.com/dualtone/dualtone/access"

// OIDC is an identity provider with which people sign in.
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Scopes       []string
	// NameClaim says what people are called, GroupsClaim which groups they are in.
	NameClaim   string
	GroupsClaim string
	// Roles are those that a group's members hold.
	Roles map[string][]access.Role
}

// provider is an identity provider at work.
type provider interface {
	// signOut is where a browser ends its session at the provider as well.
	signOut(idToken, back string) string
}
