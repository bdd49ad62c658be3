package pages

import (
	"net/http"

	"github.com/dualtone/dualtone/console"
)

// doors are the pages by which people come in, and those that say why not.
type doors struct{ desk *Desk }

// SignIn asks for name and password, or sends to the identity provider.
func (d doors) SignIn(w http.ResponseWriter, r *http.Request, status int, v console.SignInView) {
	d.desk.write(r.Context(), w, status, signInPage(v))
}

// Setup asks for the first password.
func (d doors) Setup(w http.ResponseWriter, r *http.Request, status int, v console.SetupView) {
	d.desk.write(r.Context(), w, status, setupPage(v))
}

// Refused says why not, and what to do.
func (d doors) Refused(w http.ResponseWriter, r *http.Request, p console.Problem) {
	next := p.Next
	if p.Request != "" {
		next += " (request " + p.Request + ")"
	}
	if byScript(r) {
		d.desk.write(r.Context(), w, p.Status, refusal(problem{what: p.Detail, next: next}))
		return
	}
	d.desk.write(r.Context(), w, p.Status, trouble(page{title: p.Title, viewer: viewer(r)}, problem{title: p.Title, what: p.Detail, next: next}))
}
