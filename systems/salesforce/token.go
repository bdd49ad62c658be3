package salesforce

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/wire"
)

// grant is how to sign in: with a private key, or else with a client secret.
type grant struct {
	login    string
	audience string
	key      string
	secret   string
	username string
	private  *rsa.PrivateKey
}

// form is the body of a token request.
func (g grant) form(now time.Time) (url.Values, error) {
	if g.private == nil {
		return url.Values{
			"grant_type": {"client_credentials"}, "client_id": {g.key}, "client_secret": {g.secret},
		}, nil
	}
	assertion, err := g.assertion(now)
	if err != nil {
		return nil, err
	}
	return url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion},
	}, nil
}

// assertion is a JWT signed with RS256. Salesforce takes none that is good for
// more than three minutes.
func (g grant) assertion(now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
	}{g.key, g.username, g.audience, now.Add(2 * time.Minute).Unix()})
	if err != nil {
		return "", fmt.Errorf("JWT: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, g.private, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("JWT: sign: %w", dualtone.ErrInvalid)
	}
	return signed + "." + encode(signature), nil
}

// session is what a sign-in gave.
type session struct {
	token    string
	instance string // scheme and host of the org
}

// tokens keeps the session that all requests share.
type tokens struct {
	http  *wire.Client
	grant grant
	now   func() time.Time

	// turn is held by who reads or replaces current. It is a channel so that
	// waiting for somebody else's sign-in ends with one's own context.
	turn    chan struct{}
	current session
}

func newTokens(http *wire.Client, grant grant, now func() time.Time) *tokens {
	return &tokens{http: http, grant: grant, now: now, turn: make(chan struct{}, 1)}
}

// after returns a session other than the one that was refused; the zero session
// was never good. Of many callers refused together one signs in.
func (t *tokens) after(ctx context.Context, refused session) (session, error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return session{}, fmt.Errorf("%s: waiting for the sign-in: %w", t.http.System, ctx.Err())
	}
	defer func() { <-t.turn }()
	if t.current.token != "" && t.current != refused {
		return t.current, nil
	}
	t.current = session{}
	fresh, err := t.signIn(ctx)
	if err != nil {
		return session{}, err
	}
	t.current = fresh
	return fresh, nil
}

func (t *tokens) signIn(ctx context.Context) (session, error) {
	form, err := t.grant.form(t.now())
	if err != nil {
		return session{}, fmt.Errorf("%s: %w", t.http.System, err)
	}
	t.http.Secrets.Add(form.Get("assertion"))
	answer, err := t.http.Do(ctx, wire.Request{
		Method: http.MethodPost, URL: t.grant.login + "/services/oauth2/token", Reads: true,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
		Body:   []byte(form.Encode()),
	})
	if err != nil {
		return session{}, fmt.Errorf("sign-in: %w", err)
	}
	var reply tokenReply
	if answer.Status != http.StatusOK {
		return session{}, t.refusal(answer)
	}
	if err := answer.JSON(&reply); err != nil {
		return session{}, fmt.Errorf("%s: sign-in: %w", t.http.System, err)
	}
	t.http.Secrets.Add(reply.AccessToken)
	instance, err := origin(reply.InstanceURL)
	if err != nil || reply.AccessToken == "" {
		return session{}, fmt.Errorf("%s: sign-in gave no token with a usable instance_url: %w", t.http.System, dualtone.ErrUnavailable)
	}
	return session{token: reply.AccessToken, instance: instance}, nil
}

// refusal names a refused sign-in. A 400 is about the credentials: the form of
// the request never changes.
func (t *tokens) refusal(answer wire.Answer) error {
	err := wire.StatusError(t.http.System+": sign-in", answer, t.now())
	if answer.Status != http.StatusBadRequest {
		return err
	}
	var reply tokenRefusal
	if answer.JSON(&reply) != nil || reply.Error == "" {
		return err
	}
	text := strings.TrimSpace(reply.Error + ": " + reply.Description)
	return fmt.Errorf("%s: sign-in: %s: %w", t.http.System, t.http.Secrets.Hide(text), tokenKind(reply.Error))
}

func tokenKind(code string) error {
	switch code {
	case "unsupported_grant_type", "invalid_request":
		return dualtone.ErrInvalid
	case "temporarily_unavailable", "unknown_error", "retry_your_request":
		return dualtone.ErrUnavailable
	default:
		return dualtone.ErrDenied
	}
}
