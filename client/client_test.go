package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/cutover"
)

// serve is a client of a server that answers as told.
func serve(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := client.New(s.URL+"/", "dt_secret")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATokenGoesNowhereUnencrypted(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://dualtone.example": true, "http://127.0.0.1:8700": true, "http://[::1]:8700": true, "http://localhost": true,
		"http://dualtone.example": false, "ftp://x": false, "dualtone.example": false, "": false,
	} {
		if _, err := client.New(address, "t"); good != (err == nil) || err != nil && !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := client.New("https://dualtone.example", ""); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("without a token: %v", err)
	}
}

func TestEachErrorOfTheServerIsThatOfTheProgram(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]error{
		"invalid": dualtone.ErrInvalid, "not_found": dualtone.ErrNotFound, "conflict": dualtone.ErrConflict, "denied": dualtone.ErrDenied,
		"unavailable": dualtone.ErrUnavailable, "unsupported": dualtone.ErrUnsupported, "unknown": dualtone.ErrUnknown,
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusTeapot)
			_, _ = fmt.Fprintf(w, `{"detail":"no %s","kind":"%s","next":"do that","errors":[{"location":"line 3","message":"is wrong","want":"another"}]}`, kind, kind)
		})
		_, err := c.Person(t.Context(), "p1")
		refused, ok := errors.AsType[*client.RefusedError](err)
		if !ok || !errors.Is(err, want) || refused.Next != "do that" || !strings.Contains(err.Error(), "line 3: is wrong; another") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for status, want := range map[int]error{
		http.StatusBadGateway: dualtone.ErrUnavailable, http.StatusUnauthorized: dualtone.ErrDenied, http.StatusNotFound: dualtone.ErrNotFound,
		http.StatusFound: dualtone.ErrInvalid,
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>a proxy's page</html>", status) })
		if _, err := c.Person(t.Context(), "p1"); !errors.Is(err, want) || strings.Contains(err.Error(), "html") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestAListIsReadPageByPageUpToItsLimit(t *testing.T) {
	t.Parallel()
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		next := map[string]string{"": "p2", "p2": "p3", "p3": ""}[r.URL.Query().Get("after")]
		_ = json.NewEncoder(w).Encode(map[string]any{"items": []map[string]string{{"id": "p"}}, "next": next})
	})
	all, err := c.People(t.Context(), cutover.PeopleQuery{Text: "a b", Side: dualtone.Old})
	if err != nil || len(all) != 3 || asked[0] != "limit=1000&side=old&text=a+b" || asked[2] != "after=p3&limit=1000&side=old&text=a+b" {
		t.Errorf("%d people, %v, asked %q", len(all), err, asked)
	}
	if some, err := c.People(t.Context(), cutover.PeopleQuery{Limit: 2}); err != nil || len(some) != 2 {
		t.Errorf("%d people of two, %v", len(some), err)
	}
}

func TestAFileIsSentAsItIs(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		_ = json.NewEncoder(w).Encode(fmt.Sprintf("%s %s %d %s", r.Header.Get("Content-Type"), r.URL.RawQuery, r.ContentLength, text))
	})
	for size, want := range map[int64]string{5: "application/octet-stream name=a 5 abcde", -1: "application/octet-stream name=a -1 abcde"} {
		var got string
		err := c.Upload(t.Context(), "/calls/imports", client.Query{}.Text("name", "a").Values(), strings.NewReader("abcde"), size, &got)
		if err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestANameInAPathIsTextThere(t *testing.T) {
	t.Parallel()
	var path string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		_, _ = io.WriteString(w, "{}")
	})
	for name, want := range map[string]string{
		"../audit": "/api/v1/users/..%2Faudit", "a b?x=1#y": "/api/v1/users/a%20b%3Fx=1%23y", "+4420": "/api/v1/users/%2B4420", "50%": "/api/v1/users/50%25",
	} {
		if _, err := c.Person(t.Context(), dualtone.PersonID(name)); err != nil || path != want {
			t.Errorf("%q: %s, %v", name, path, err)
		}
	}
}

func TestAnOrderCarriesAKeyAndTheTokenGoesNoFurther(t *testing.T) {
	t.Parallel()
	var keys []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was followed with %q", r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		if r.Header.Get("Authorization") != "Bearer dt_secret" {
			t.Errorf("authorization: %q", r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	for range 2 {
		if err := c.Send(t.Context(), http.MethodPost, "/cohorts", map[string]string{"name": "x"}, nil); err == nil {
			t.Error("a redirect is an answer")
		}
	}
	if len(keys) != 2 || keys[0] == "" || keys[0] == keys[1] {
		t.Errorf("keys: %q", keys)
	}
}

func TestAServerThatIsAwayIsUnavailableAndAnInterruptIsOne(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	c, err := client.New(s.URL, "t")
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := c.Person(t.Context(), "+442079460001"); !errors.Is(err, dualtone.ErrUnavailable) || strings.Contains(err.Error(), "2079460001") {
		t.Errorf("away: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Person(ctx, "p"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
