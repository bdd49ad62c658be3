package console

import (
	"html/template"
	"net/http"
)

// Pages are the pages that the console itself sends people to.
type Pages interface {
	SignIn(w http.ResponseWriter, r *http.Request, status int, v SignInView)
	Setup(w http.ResponseWriter, r *http.Request, status int, v SetupView)
	Refused(w http.ResponseWriter, r *http.Request, p Problem)
}

// Show has pages of another make shown.
func (s *Server) Show(p Pages) { s.pages = p }

// plainPages are forms and sentences without any looks, for a server that has no
// other pages.
type plainPages struct{}

// plain is the one template of the plain pages.
//
//nolint:gochecknoglobals // A constant.
var plain = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}} · dualtone</title>
<main><h1>{{.Title}}</h1>
{{with .Text}}<p role="alert">{{.}}</p>{{end}}{{with .Next}}<p>{{.}}</p>{{end}}
{{if .Provider}}<p><a href="/sign-in/provider?next={{.To}}">Sign in with your company account</a></p>{{end}}
{{with .Form}}<form method="post" action="{{.}}">
<input type="hidden" name="next" value="{{$.To}}"><input type="hidden" name="code" value="{{$.Code}}">
<p><label>Name <input name="name" value="{{$.Name}}" autocomplete="username" required{{if $.Code}} readonly{{end}}></label></p>
<p><label>Password <input name="password" type="password" required></label></p>
<p><button>{{$.Title}}</button></p></form>{{end}}
</main></html>
`))

type plainPage struct {
	Title, Text, Next, Form, To, Code, Name string
	Provider                                bool
}

func (p plainPage) write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = plain.Execute(w, p)
}

// SignIn asks for name and password, or sends to the identity provider.
func (plainPages) SignIn(w http.ResponseWriter, _ *http.Request, status int, v SignInView) {
	p := plainPage{Title: "Sign in", Text: v.Wrong, To: v.Next, Name: v.Name, Provider: v.Provider}
	if !v.Provider {
		p.Form = "/sign-in"
	}
	p.write(w, status)
}

// Setup asks for the first password.
func (plainPages) Setup(w http.ResponseWriter, _ *http.Request, status int, v SetupView) {
	plainPage{Title: "Set the administrator's password", Text: v.Wrong, Form: "/setup", Code: v.Code, Name: v.Name}.write(w, status)
}

// Refused says why not, and what to do.
func (plainPages) Refused(w http.ResponseWriter, _ *http.Request, p Problem) {
	plainPage{Title: p.Title, Text: p.Detail, Next: p.Next}.write(w, p.Status)
}
