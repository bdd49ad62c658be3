package salesforcesim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// session is a token that was given out.
type session struct {
	token string
	user  string
	until time.Time
}

// session returns the live session of a token.
func (o *Org) session(token string) *session {
	now, ok := o.sessions[token]
	if !ok || !o.clock.Now().Before(now.until) {
		return nil
	}
	if u := o.tables["User"].rows[now.user]; u == nil || u.values["IsActive"] == false {
		return nil
	}
	return now
}

func (s *Server) openSession(user, application string) *session {
	t := s.org.begin(user, "login")
	t.logIn(user, "Remote Access 2.0", application)
	now := &session{
		token: s.org.company[:shortID] + "!AQ" + rand.Text() + rand.Text(),
		user:  user, until: s.org.Now().Add(s.options.TokenLife),
	}
	s.org.sessions[now.token] = now
	return now
}

// denied is an error of the token endpoint, which has a form of its own.
type denied struct{ code, description string }

func (d *denied) reply() reply {
	return answer(http.StatusBadRequest, map[string]any{"error": d.code, "error_description": d.description})
}

func (s *Server) oauth(c *call, host string) reply {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return (&denied{"invalid_request", "malformed form"}).reply()
	}
	for key, values := range c.query {
		if !form.Has(key) {
			form[key] = values
		}
	}
	switch strings.TrimPrefix(c.path, "/services/oauth2/") {
	case "token":
		if c.method != http.MethodPost {
			return (&denied{"invalid_request", "must use HTTP POST"}).reply()
		}
		return s.token(form, host, c.header)
	case "revoke":
		if s.org.sessions[form.Get("token")] == nil {
			return (&denied{"unsupported_token_type", "this token type is not supported"}).reply()
		}
		delete(s.org.sessions, form.Get("token"))
		return reply{status: http.StatusOK}
	case "userinfo":
		return s.userInfo(c)
	}
	return refusal(notFound())
}

func (s *Server) token(form url.Values, host string, header http.Header) reply {
	if id, secret, ok := basicAuth(header); ok {
		form.Set("client_id", id)
		form.Set("client_secret", secret)
	}
	var user string
	var no *denied
	switch form.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		user, no = s.byAssertion(form.Get("assertion"))
	case "client_credentials":
		user, no = s.byCredentials(form, host)
	case "password":
		user, no = s.byPassword(form)
	default:
		no = &denied{"unsupported_grant_type", "grant type not supported"}
	}
	if no != nil {
		return no.reply()
	}
	now := s.openSession(user, "Connected App")
	issued := strconv.FormatInt(s.org.Now().UnixMilli(), 10)
	id := s.url + "/id/" + s.org.company + "/" + user
	return answer(http.StatusOK, map[string]any{
		"access_token": now.token, "instance_url": s.url, "id": id, "token_type": "Bearer",
		"issued_at": issued, "signature": sign(id+issued, form.Get("client_secret")), "scope": "api",
	})
}

func basicAuth(h http.Header) (id, secret string, ok bool) {
	return (&http.Request{Header: h}).BasicAuth()
}

func sign(text, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (s *Server) app(key string) *App {
	for i := range s.options.Apps {
		if key != "" && s.options.Apps[i].ConsumerKey == key {
			return &s.options.Apps[i]
		}
	}
	return nil
}

func (s *Server) secretFits(form url.Values) (*App, *denied) {
	app := s.app(form.Get("client_id"))
	if app == nil {
		return nil, &denied{"invalid_client_id", "client identifier invalid"}
	}
	if subtle.ConstantTimeCompare([]byte(app.ConsumerSecret), []byte(form.Get("client_secret"))) != 1 {
		return nil, &denied{"invalid_client", "invalid client credentials"}
	}
	return app, nil
}

func (s *Server) byCredentials(form url.Values, host string) (string, *denied) {
	if host == "login.salesforce.com" || host == "test.salesforce.com" {
		return "", &denied{"invalid_grant", "request not supported on this domain"}
	}
	app, no := s.secretFits(form)
	if no != nil {
		return "", no
	}
	if app.RunAs == "" {
		return "", &denied{"invalid_grant", "no client credentials user enabled"}
	}
	return s.runAsUser(app)
}

// runAsUser is the person whom the app acts as. They stay the same person when
// their username changes, as in a sandbox refresh.
func (s *Server) runAsUser(app *App) (string, *denied) {
	if known := s.org.row(s.runAs[app.ConsumerKey]); known != nil {
		return s.activeUser(shown(known.values["Username"]))
	}
	user, no := s.activeUser(app.RunAs)
	if no == nil {
		s.runAs[app.ConsumerKey] = user
	}
	return user, no
}

func (s *Server) byPassword(form url.Values) (string, *denied) {
	if _, no := s.secretFits(form); no != nil {
		return "", no
	}
	if !s.passwordFits(form.Get("password")) {
		return "", &denied{"invalid_grant", "authentication failure"}
	}
	return s.activeUser(form.Get("username"))
}

func (s *Server) passwordFits(given string) bool {
	want := s.options.Password
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1
}

func (s *Server) activeUser(username string) (string, *denied) {
	rows := s.org.tables["User"].find("Username", username)
	switch {
	case username == "" || len(rows) == 0:
		return "", &denied{"invalid_grant", "authentication failure"}
	case rows[0].values["IsActive"] == false:
		return "", &denied{"inactive_user", "user is inactive"}
	}
	return rows[0].id, nil
}

func (a *App) approves(username string) bool {
	return a.Approved == nil || slices.ContainsFunc(a.Approved, func(one string) bool {
		return strings.EqualFold(one, username)
	})
}

// identity answers at the URL that came with a token.
func (s *Server) identity(c *call) reply {
	token := bearer(c.header)
	if token == "" {
		token = c.query.Get("oauth_token")
	}
	parts := strings.Split(strings.TrimPrefix(c.path, "/id/"), "/")
	now := s.org.session(token)
	if now == nil {
		return reply{status: http.StatusForbidden, raw: []byte("Bad_OAuth_Token"), kind: "text/html; charset=UTF-8"}
	}
	if len(parts) != 2 || parts[0] != s.org.company || parts[1] != now.user {
		return reply{status: http.StatusForbidden, raw: []byte("Wrong_Org"), kind: "text/html; charset=UTF-8"}
	}
	user := s.org.row(now.user).values
	rest := s.url + "/services/data/v{version}/"
	return answer(http.StatusOK, map[string]any{
		"id": s.url + c.path, "asserted_user": true, "user_id": now.user, "organization_id": s.org.company,
		"username": user["Username"], "display_name": user["Name"], "email": user["Email"], "active": true,
		"user_type": "STANDARD", "first_name": user["FirstName"], "last_name": user["LastName"],
		"locale": user["LocaleSidKey"], "timezone": user["TimeZoneSidKey"],
		"urls": map[string]any{
			"rest": rest, "sobjects": rest + "sobjects/", "query": rest + "query/", "search": rest + "search/",
			"metadata": s.url + "/services/Soap/m/{version}/" + s.org.company[:shortID],
			"partner":  s.url + "/services/Soap/u/{version}/" + s.org.company[:shortID],
		},
	})
}

func (s *Server) userInfo(c *call) reply {
	now := s.org.session(bearer(c.header))
	if now == nil {
		return reply{status: http.StatusForbidden, raw: []byte("Bad_OAuth_Token"), kind: "text/html; charset=UTF-8"}
	}
	user := s.org.row(now.user).values
	return answer(http.StatusOK, map[string]any{
		"sub": s.url + "/id/" + s.org.company + "/" + now.user, "user_id": now.user, "organization_id": s.org.company,
		"preferred_username": user["Username"], "name": user["Name"], "email": user["Email"],
	})
}
