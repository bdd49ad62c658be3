package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

// session is what is kept of somebody who has signed in.
type session struct {
	Account string        `json:"account"`
	Source  access.Source `json:"source"`
	At      time.Time     `json:"at"`
	// IDToken tells the identity provider whose session ends.
	IDToken string `json:"id_token,omitempty"`
}

const sessionKey = "who"

// newSessions keeps sessions under a cookie that pages cannot read, that only
// this site sends, and that over TLS is bound to this very host.
func newSessions(config Config, store scs.Store) *scs.SessionManager {
	m := scs.New()
	m.Store, m.HashTokenInStore = store, true
	m.IdleTimeout, m.Lifetime = config.Idle, config.Lasts
	m.Cookie.Name, m.Cookie.Path, m.Cookie.HttpOnly, m.Cookie.SameSite = "dualtone", "/", true, http.SameSiteLaxMode
	if config.Secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-dualtone", true
	}
	return m
}

func (s *Server) session(ctx context.Context) (session, bool) {
	var kept session
	text := s.sessions.GetString(ctx, sessionKey)
	if text == "" || json.Unmarshal([]byte(text), &kept) != nil {
		return kept, false
	}
	return kept, true
}

// begin starts a session under a new token, so that one that somebody else has
// planted is worth nothing.
func (s *Server) begin(ctx context.Context, kept session) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("session: %w: %w", err, dualtone.ErrUnavailable)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	s.sessions.Put(ctx, sessionKey, string(text))
	return nil
}

// errUnknownCaller is somebody who shows what lets nobody in.
var errUnknownCaller = fmt.Errorf("the token is unknown, revoked or expired: %w", dualtone.ErrDenied)

// identified finds out who is asking: whoever shows a token, or whose session it
// is. A token that lets nobody in is refused, also where nobody need be known.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		who, known, err := s.caller(r)
		switch {
		case errors.Is(err, errUnknownCaller):
			s.unknownCaller(w, r)
			return
		case err != nil:
			s.refuse(w, r, err)
			return
		case known:
			ctx = access.With(ctx, who)
			if c, ok := audit.CauseOf(ctx); ok {
				c.Actor, c.Via = who.Name, who.Via
				ctx = audit.Because(ctx, c)
			}
			if v := visitOf(ctx); v != nil {
				v.actor = who
			}
			if wait, ok := s.callers.allow(string(who.Kind) + " " + who.Name); !ok {
				s.tooMany(w, r, wait)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (s *Server) caller(r *http.Request) (who access.Actor, known bool, err error) {
	if given := r.Header.Get("Authorization"); given != "" {
		secret, ok := strings.CutPrefix(given, "Bearer ")
		if !ok {
			return who, false, errUnknownCaller
		}
		who, err = s.bearer(r.Context(), secret)
		return who, err == nil, err
	}
	return s.visitor(r.Context())
}

// bearer is who shows a token.
func (s *Server) bearer(ctx context.Context, secret string) (access.Actor, error) {
	id, ok := access.TokenID(secret)
	if !ok {
		return access.Actor{}, errUnknownCaller
	}
	t, err := s.stores.Tokens.Token(ctx, id)
	if errors.Is(err, dualtone.ErrNotFound) || err == nil && (!t.Is(secret) || !t.Valid(s.now())) {
		return access.Actor{}, errUnknownCaller
	}
	if err != nil {
		return access.Actor{}, err
	}
	owner, err := s.stores.Accounts.Account(ctx, t.Owner)
	if errors.Is(err, dualtone.ErrNotFound) || err == nil && owner.Disabled {
		return access.Actor{}, errUnknownCaller
	}
	if err != nil {
		return access.Actor{}, err
	}
	if err := s.stores.Tokens.Used(ctx, id, s.now()); err != nil {
		return access.Actor{}, err
	}
	return access.Actor{Name: owner.Name, Kind: owner.Kind, Roles: access.Holding(owner, nil, &t), Via: "token " + id}, nil
}

// visitor is whose session it is; nobody's once the account is disabled.
func (s *Server) visitor(ctx context.Context) (who access.Actor, known bool, err error) {
	kept, ok := s.session(ctx)
	if !ok || kept.Source == access.Local && s.provider != nil {
		return who, false, nil
	}
	account, err := s.stores.Accounts.Account(ctx, kept.Account)
	if errors.Is(err, dualtone.ErrNotFound) || err == nil && account.Disabled {
		return who, false, nil
	}
	if err != nil {
		return who, false, err
	}
	given, err := s.stores.Grants.Granted(ctx, account.Name, s.now())
	if err != nil {
		return who, false, err
	}
	return access.Actor{Name: account.Name, Kind: account.Kind, Roles: access.Holding(account, given, nil), Via: "session"}, true, nil
}

// unknownCaller refuses a token, and slows down whoever tries many.
func (s *Server) unknownCaller(w http.ResponseWriter, r *http.Request) {
	if !s.mayTry(w, r, s.signIns, "token "+address(r)) {
		return
	}
	s.noteSignIn(r, audit.Denied, "", "a token that lets nobody in")
	p := ProblemOf(errUnknownCaller)
	p.Status, p.Title, p.Request = http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized), RequestID(r.Context())
	p.Next = "make a new one with dualtone token create"
	w.Header().Set("WWW-Authenticate", `Bearer realm="dualtone", error="invalid_token"`)
	p.Write(w)
}

// askToSignIn sends people to where they sign in, and tells programs.
func (s *Server) askToSignIn(w http.ResponseWriter, r *http.Request, p Problem) {
	to := "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
	if r.Method == http.MethodGet && wantsPage(r) && r.Header.Get("Hx-Request") == "" {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if r.Header.Get("Hx-Request") != "" {
		w.Header().Set("Hx-Redirect", "/sign-in")
	}
	p.Status, p.Title = http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized)
	p.Next = "sign in, or send a token as Authorization: Bearer"
	w.Header().Set("WWW-Authenticate", `Bearer realm="dualtone"`)
	p.Write(w)
}

// tooMany tells a caller to wait.
func (s *Server) tooMany(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	p := Problem{
		Type: "about:blank", Title: http.StatusText(http.StatusTooManyRequests), Status: http.StatusTooManyRequests, Kind: "throttled",
		Detail: "too many requests", Next: "wait for as long as Retry-After says", Request: RequestID(r.Context()),
	}
	if wantsPage(r) {
		s.pages.Refused(w, r, p)
		return
	}
	p.Write(w)
}
