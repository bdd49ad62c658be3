package console

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

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

// provider is the identity provider at work. It is discovered when it is first
// needed, so that dualtone starts while it is away.
type provider struct {
	config OIDC
	back   string // where it sends people

	mu    sync.Mutex
	found *discovered
}

type discovered struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	// endSession is where a browser ends its session there; empty for nowhere.
	endSession string
}

const askProvider = 10 * time.Second

func (p *provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The keys are fetched anew later, so the client must outlive the request.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: askProvider})
	at, err := oidc.NewProvider(ctx, p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("identity provider %s: %w: %w", p.config.Issuer, err, dualtone.ErrUnavailable)
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := at.Claims(&more); err != nil {
		return nil, fmt.Errorf("identity provider %s: %w: %w", p.config.Issuer, err, dualtone.ErrUnavailable)
	}
	p.found = &discovered{
		oauth: oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: at.Endpoint(), Scopes: p.config.Scopes,
			RedirectURL: p.back + "/sign-in/back",
		},
		// Only what is signed by a key of the provider's own counts.
		verifier: at.Verifier(&oidc.Config{ClientID: p.config.ClientID, SupportedSigningAlgs: []string{
			oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
		}}),
		endSession: more.EndSession,
	}
	return p.found, nil
}

// signOut is where a browser ends its session at the provider as well; empty where the
// provider has no such place, or is away.
func (p *provider) signOut(ctx context.Context, idToken, back string) string {
	found, err := p.discover(ctx)
	if err != nil || found.endSession == "" {
		return ""
	}
	q := url.Values{"post_logout_redirect_uri": {p.back + back}, "client_id": {p.config.ClientID}}
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	return found.endSession + "?" + q.Encode()
}

// attempt is a sign-in that is on its way, kept in the session of the browser that
// began it.
type attempt struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Next     string    `json:"next"`
	At       time.Time `json:"at"`
}

const (
	attemptKey = "attempt"
	// attemptLasts is how long somebody may take at the provider.
	attemptLasts = 10 * time.Minute
)

func (s *Server) registerProvider() {
	s.Open("GET /sign-in/provider", http.HandlerFunc(s.toProvider))
	s.Open("GET /sign-in/back", http.HandlerFunc(s.fromProvider))
}

// toProvider sends a browser to the provider with what only this browser and this
// server know.
func (s *Server) toProvider(w http.ResponseWriter, r *http.Request) {
	// Each attempt is a row in the database until it expires.
	if wait, ok := s.callers.allow(address(r)); !ok {
		s.tooMany(w, r, wait)
		return
	}
	found, err := s.provider.discover(r.Context())
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	a := attempt{
		State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(),
		Next: local(r.URL.Query().Get("next")), At: s.now().UTC(),
	}
	text, err := json.Marshal(a)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.sessions.Put(r.Context(), attemptKey, string(text))
	http.Redirect(w, r, found.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), http.StatusSeeOther)
}

// errNotSignedIn is a way back from the provider that lets nobody in.
var errNotSignedIn = errors.New("signing in failed")

func (s *Server) fromProvider(w http.ResponseWriter, r *http.Request) {
	if !s.mayTry(w, r, s.offices, address(r)) {
		return
	}
	a, err := s.attemptOf(r)
	if err == nil {
		err = s.finish(w, r, a)
	}
	if err == nil {
		s.offices.giveBack(address(r))
		return
	}
	s.noteSignIn(r, audit.Denied, "", err.Error())
	s.log.WarnContext(r.Context(), "sign-in failed", "request", RequestID(r.Context()), "error", err)
	if errors.Is(err, errNotSignedIn) {
		s.pages.SignIn(w, r, http.StatusUnauthorized, SignInView{Provider: true, Next: "/", Wrong: "Signing in did not work. Please try again."})
		return
	}
	s.refuse(w, r, err)
}

// attemptOf is the attempt that a browser comes back from. Each is for once.
func (s *Server) attemptOf(r *http.Request) (attempt, error) {
	var a attempt
	text := s.sessions.PopString(r.Context(), attemptKey)
	if text == "" || json.Unmarshal([]byte(text), &a) != nil {
		return a, fmt.Errorf("%w: this browser did not begin it", errNotSignedIn)
	}
	q := r.URL.Query()
	switch {
	case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(a.State)) != 1:
		return a, fmt.Errorf("%w: the state is another's", errNotSignedIn)
	case s.now().Sub(a.At) > attemptLasts:
		return a, fmt.Errorf("%w: it took longer than %s", errNotSignedIn, attemptLasts)
	case q.Get("error") != "":
		return a, fmt.Errorf("%w: the provider says %.100q", errNotSignedIn, q.Get("error"))
	}
	return a, nil
}

// finish redeems the code, checks who it is and lets them in.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, a attempt) error {
	found, err := s.provider.discover(r.Context())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), askProvider)
	defer cancel()
	token, err := found.oauth.Exchange(ctx, r.URL.Query().Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return fmt.Errorf("%w: the code is not taken", errNotSignedIn)
	}
	text, ok := token.Extra("id_token").(string)
	if !ok {
		return fmt.Errorf("%w: the provider does not say who it is", errNotSignedIn)
	}
	id, err := found.verifier.Verify(ctx, text)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotSignedIn, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return fmt.Errorf("%w: the nonce is another's", errNotSignedIn)
	}
	account, err := s.accountOf(id)
	if err != nil {
		return err
	}
	if err := s.keepPerson(r.Context(), account); err != nil {
		return err
	}
	s.letIn(w, r, session{Account: account.Name, Source: access.OIDC, At: s.now().UTC(), IDToken: text}, a.Next)
	return nil
}

// accountOf is whom a token names, with the roles of their groups.
func (s *Server) accountOf(id *oidc.IDToken) (access.Account, error) {
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return access.Account{}, fmt.Errorf("%w: %w", errNotSignedIn, err)
	}
	name, _ := claims[s.provider.config.NameClaim].(string)
	name = cmp.Or(strings.TrimSpace(name), id.Subject)
	if verified, ok := claims["email_verified"].(bool); ok && !verified && s.provider.config.NameClaim == "email" {
		return access.Account{}, fmt.Errorf("%w: the provider has not verified the address", errNotSignedIn)
	}
	a := access.Account{Name: name, Kind: access.Person, Source: access.OIDC, Created: s.now().UTC(), By: "identity provider"}
	for _, group := range texts(claims[s.provider.config.GroupsClaim]) {
		for _, role := range s.provider.config.Roles[group] {
			if !slices.Contains(a.Roles, role) {
				a.Roles = append(a.Roles, role)
			}
		}
	}
	return a, access.CheckAccount(a)
}

// texts are the words of a claim, which may be one or several.
func texts(claim any) []string {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, x := range v {
			if word, ok := x.(string); ok {
				all = append(all, word)
			}
		}
		return all
	}
	return nil
}

// keepPerson notes who somebody is and which roles the provider gives them now.
func (s *Server) keepPerson(ctx context.Context, now access.Account) error {
	ctx = audit.Because(ctx, audit.Cause{Actor: now.Name, Via: "identity provider", Reason: "signed in", Request: RequestID(ctx)})
	held, err := s.stores.Accounts.Account(ctx, now.Name)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		return s.stores.Accounts.KeepAccount(ctx, now)
	case err != nil:
		return err
	case held.Source != access.OIDC:
		return fmt.Errorf("%s is the name of an account of dualtone's own: %w", now.Name, dualtone.ErrConflict)
	case held.Disabled:
		return fmt.Errorf("%w: the account is disabled", errNotSignedIn)
	case slices.Equal(held.Roles, now.Roles):
		return nil
	}
	held.Roles = now.Roles
	return s.stores.Accounts.ChangeAccount(ctx, held)
}
