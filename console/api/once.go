package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/control"
)

// Answered is the answer to a request that came with a key.
type Answered struct {
	Status int
	Type   string
	Body   []byte
}

// Keys keeps what was answered to requests that come with a key.
type Keys interface {
	// Claim takes a key of somebody for a request. It returns the answer that is
	// kept, nil where the request is to be done now. ErrConflict while the first one
	// is being done, ErrInvalid for another request under the same key.
	Claim(ctx context.Context, who, key, request string) (*Answered, error)
	// Keep stores the answer; without one the key is free again.
	Keep(ctx context.Context, who, key string, answer *Answered) error
}

const maxKey = 200

// once does a write with an Idempotency-Key once, and answers it as the first
// time however often it comes.
func (a *API) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		who, known := access.From(r.Context())
		if key == "" || !known || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		if len(key) > maxKey {
			a.server.Refuse(w, r, invalid(fmt.Sprintf("an Idempotency-Key has at most %d bytes", maxKey)))
			return
		}
		request, err := a.request(r)
		if err != nil {
			a.server.Refuse(w, r, err)
			return
		}
		kept, err := a.Keys.Claim(r.Context(), who.Name, key, request)
		if err != nil {
			a.server.Refuse(w, r, err)
			return
		}
		if kept != nil {
			w.Header().Set("Content-Type", kept.Type)
			w.Header().Set("Idempotent-Replayed", "true")
			w.WriteHeader(kept.Status)
			_, _ = w.Write(kept.Body) //nolint:gosec // It is what this API answered, under the type that it had.
			return
		}
		a.doOnce(w, r, next, who.Name, key)
	})
}

// request tells a request from others under the same key. An upload is told by its
// length, since it is read once, as it comes; the same file twice changes nothing
// in any case.
func (a *API) request(r *http.Request) (string, error) {
	text := []byte(serial(r.ContentLength))
	if !a.uploads[r.URL.Path] {
		var err error
		if text, err = io.ReadAll(r.Body); err != nil {
			return "", err
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
	}
	sum := sha256.Sum256([]byte(r.Method + " " + r.URL.RequestURI() + "\n" + string(text)))
	return hex.EncodeToString(sum[:]), nil
}

// doOnce does a request whose key was claimed and keeps its answer. Temporal gets
// an id made of the key, so that an order is taken once even where this process
// ends between the order and its answer.
func (a *API) doOnce(w http.ResponseWriter, r *http.Request, next http.Handler, who, key string) {
	sum := sha256.Sum256([]byte(who + "\n" + key))
	order := control.Once(r.Context(), hex.EncodeToString(sum[:]))
	out := kept{to: w}
	done := false
	// The answer is kept also for somebody who has left.
	ctx := context.WithoutCancel(order)
	defer func() {
		if !done {
			_ = a.Keys.Keep(ctx, who, key, nil)
		}
	}()
	next.ServeHTTP(&out, r.WithContext(order))
	if out.status == 0 {
		out.status = http.StatusOK
	}
	var answer *Answered
	// What may go better the next time is not kept.
	if out.status < http.StatusInternalServerError && out.status != http.StatusTooManyRequests {
		answer = &Answered{Status: out.status, Type: out.Header().Get("Content-Type"), Body: out.text.Bytes()}
	}
	if err := a.Keys.Keep(ctx, who, key, answer); err != nil {
		a.server.Refuse(w, r, fmt.Errorf("what was asked is done, and its answer could not be kept: %w: %w", err, dualtone.ErrUnavailable))
		done = true
		return
	}
	done = true
	out.send(w)
}

// tagged gives answers to reads an ETag, and answers those that hold the same
// already with nothing.
func (a *API) tagged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || a.streams[r.URL.Path] {
			next.ServeHTTP(w, r)
			return
		}
		out := kept{to: w}
		next.ServeHTTP(&out, r)
		if out.status == http.StatusOK || out.status == 0 {
			asked(out.Header(), r.URL.Query())
			tag := console.Tag(out.text.Bytes())
			out.Header().Set("ETag", tag)
			out.Header().Set("Cache-Control", "private, no-cache")
			if r.Header.Get("If-None-Match") == tag {
				out.status = http.StatusNotModified
				out.text.Reset()
			}
		}
		out.send(w)
	})
}

// asked adds to the link of the next page what else this one was asked for.
func asked(h http.Header, q url.Values) {
	address, rest, ok := strings.Cut(strings.TrimPrefix(h.Get("Link"), "<"), ">")
	next, err := url.Parse(address)
	if !ok || err != nil {
		return
	}
	maps.Copy(q, next.Query())
	next.RawQuery = q.Encode()
	h.Set("Link", "<"+next.String()+">"+rest)
}

// kept is an answer that is held back, from whom it is to.
type kept struct {
	to     http.ResponseWriter // nil for nobody
	header http.Header
	status int
	text   bytes.Buffer
}

func (k *kept) Header() http.Header {
	if k.header == nil {
		k.header = http.Header{}
	}
	return k.header
}

func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Unwrap lets http.ResponseController set the connection's deadlines.
func (k *kept) Unwrap() http.ResponseWriter { return k.to }

func (k *kept) Write(b []byte) (int, error) { return k.text.Write(b) }

func (k *kept) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), k.Header())
	if k.status == 0 {
		k.status = http.StatusOK
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.text.Bytes())
}
