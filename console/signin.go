package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

func (s *Server) registerSignIn() {
	s.Open("GET /sign-in", http.HandlerFunc(s.showSignIn))
	s.Open("POST /sign-in", http.HandlerFunc(s.signIn))
	s.Open("POST /sign-out", http.HandlerFunc(s.signOut))
	s.Open("GET /setup", http.HandlerFunc(s.showSetup))
	s.Open("POST /setup", http.HandlerFunc(s.setUp))
}

// SignInView is what the page to sign in shows.
type SignInView struct {
	// Provider: people sign in with the identity provider, and not with a password.
	Provider bool
	Next     string
	Name     string
	// Wrong is why the last attempt failed.
	Wrong string
	// Unset: nobody can sign in before the administrator's password is set.
	Unset bool
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) {
	s.pages.SignIn(w, r, http.StatusOK, SignInView{
		Provider: s.provider != nil, Next: local(r.URL.Query().Get("next")), Unset: s.unset(),
	})
}

// errWrongPassword does not say which of the two is wrong.
var errWrongPassword = errors.New("name or password is wrong")

// signIn lets somebody in who knows the password of a local account.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	if s.provider != nil {
		s.answer(w, r, ProblemOf(fmt.Errorf("people sign in with the identity provider here: %w", dualtone.ErrDenied)))
		return
	}
	if err := r.ParseForm(); err != nil {
		s.refuse(w, r, wrongForm(err))
		return
	}
	name, next := r.PostForm.Get("name"), local(r.PostForm.Get("next"))
	if !s.mayTry(w, r, s.offices, address(r)) || !s.mayTry(w, r, s.signIns, "account "+name) {
		return
	}
	account, err := s.stores.Accounts.Account(r.Context(), name)
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		s.refuse(w, r, err)
		return
	}
	// An unknown name takes as long as a wrong password.
	if !s.hasher.Matches(r.PostForm.Get("password"), account.Password) || account.Disabled || account.Kind != access.Person {
		s.noteSignIn(r, audit.Denied, name, errWrongPassword.Error())
		s.pages.SignIn(w, r, http.StatusUnauthorized, SignInView{Next: next, Name: name, Wrong: errWrongPassword.Error()})
		return
	}
	s.offices.giveBack(address(r))
	s.signIns.giveBack("account " + name)
	s.letIn(w, r, session{Account: account.Name, Source: access.Local, At: s.now().UTC()}, next)
}

// office is how many people are behind one address that mistype at the same time.
const office = 10

// mayTry slows down whoever guesses. An attempt that succeeds is given back: a whole
// office behind one address signs in at nine o'clock.
func (s *Server) mayTry(w http.ResponseWriter, r *http.Request, l *limits, who string) bool {
	wait, ok := l.allow(who)
	if !ok {
		s.figures.signIns.WithLabelValues("throttled").Inc()
		s.tooMany(w, r, wait)
	}
	return ok
}

// address is where a request comes from, as limits know it.
func address(r *http.Request) string { return "address " + visitOf(r.Context()).from.String() }

// letIn begins the session of somebody who has signed in.
func (s *Server) letIn(w http.ResponseWriter, r *http.Request, kept session, next string) {
	if err := s.begin(r.Context(), kept); err != nil {
		s.refuse(w, r, err)
		return
	}
	s.noteSignIn(r, audit.Allowed, kept.Account, "")
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // local has seen to it that next is a path of this server
}

// noteSignIn has the audit note an attempt to get in. One that cannot be noted is
// in the log.
func (s *Server) noteSignIn(r *http.Request, outcome audit.Outcome, name, why string) {
	s.figures.signIns.WithLabelValues(string(outcome)).Inc()
	const long = 100
	e := audit.Entry{Action: "session.begin", Outcome: outcome, Actor: name[:min(long, len(name))], Reason: why}
	if err := s.stores.Audit.Record(r.Context(), e); err != nil {
		s.log.ErrorContext(r.Context(), "sign-in not in the audit", "request", RequestID(r.Context()), "outcome", string(outcome), "error", err)
	}
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	kept, known := s.session(r.Context())
	if err := s.sessions.Destroy(r.Context()); err != nil {
		s.refuse(w, r, fmt.Errorf("session: %w: %w", err, dualtone.ErrUnavailable))
		return
	}
	const here = "/sign-in"
	if known && kept.Source == access.OIDC && s.provider != nil {
		if there := s.provider.signOut(r.Context(), kept.IDToken, here); there != "" {
			// Browsers keep a form from being sent on to another server; so it ends
			// here, and the browser goes there by itself.
			w.Header().Set("Refresh", "0; url="+there)
			s.pages.SignIn(w, r, http.StatusOK, SignInView{Provider: true, Next: "/"})
			return
		}
	}
	http.Redirect(w, r, here, http.StatusSeeOther)
}

// local is where somebody goes on after signing in: a path of this server, whatever
// the link that brought them here says.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/"
	}
	return u.RequestURI()
}

func wrongForm(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return fmt.Errorf("the form cannot be read: %w", dualtone.ErrInvalid)
}
