package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

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

// Claim is a request of somebody that comes with a key.
type Claim struct {
	Who, Key string
	// Request tells it from others under the same key.
	Request string
	// AtOnce: all that it stores is stored in one transaction, so that nothing is left
	// to do once any of it is.
	AtOnce bool
}

// Keys keeps what was answered to requests that come with a key.
type Keys interface {
	// Claim takes a key for a request. It returns the answer that is kept, nil where
	// the request is to be done now. What is stored under the context that it returns
	// is stored only while the key is held, and the key notes that it was.
	// ErrConflict while the first one is being done, and where an answer was lost of
	// what is stored at once; ErrInvalid for another request under the same key.
	Claim(ctx context.Context, c Claim) (context.Context, *Answered, error)
	// Hold says that the request of a context is still being done, so that nobody
	// takes it for lost.
	Hold(ctx context.Context) error
	// Keep stores the answer to the request of a context; without one it may be done
	// again.
	Keep(ctx context.Context, answer *Answered) error
}

const (
	maxKey = 200
	// holds is how often a request that lasts says that it does.
	holds = 30 * time.Second
)

// once is a key of somebody. An answer may hold a secret that is told once, such as
// that of a token: what is kept of it can be read with the key alone, which is not
// kept.
type once struct{ who, key string }

func (o once) sum(of string) [sha256.Size]byte {
	return sha256.Sum256([]byte(of + "\n" + o.who + "\n" + o.key))
}

// name is the key's name where it is kept.
func (o once) name() string {
	sum := o.sum("name")
	return hex.EncodeToString(sum[:])
}

func (o once) cipher() cipher.AEAD {
	secret := o.sum("answer")
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic(err) // a sum is as long as a key
	}
	sealing, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // so is a block of AES
	}
	return sealing
}

func (o once) seal(answer []byte) []byte { return o.cipher().Seal(nil, nil, answer, nil) } //nolint:gosec // It makes its own nonce, and takes none.

func (o once) open(kept []byte) ([]byte, error) {
	answer, err := o.cipher().Open(nil, nil, kept, nil)
	if err != nil {
		return nil, fmt.Errorf("what was answered cannot be read any more: %w: %w", err, dualtone.ErrConflict)
	}
	return answer, nil
}

// doneOnce does a write with an Idempotency-Key once, and answers it as the first
// time however often it comes. What changes nothing needs no key.
func (a *API) doneOnce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		who, known := access.From(r.Context())
		_, pattern := a.mux.Handler(r)
		atOnce, orders := a.orders[pattern]
		if key == "" || !known || !orders {
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
		o := once{who: who.Name, key: key}
		ctx, kept, err := a.Keys.Claim(r.Context(), Claim{Who: o.who, Key: o.name(), Request: request, AtOnce: atOnce})
		if err == nil && kept != nil {
			kept.Body, err = o.open(kept.Body)
		}
		if err != nil {
			a.server.Refuse(w, r, err)
			return
		}
		if kept != nil {
			w.Header().Set("Content-Type", kept.Type)
			w.Header().Set("Idempotent-Replayed", "true")
			w.WriteHeader(kept.Status)
			_, _ = w.Write(kept.Body)
			return
		}
		a.doOnce(w, r.WithContext(ctx), next, o)
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
// an id made of the key, and the key notes what is stored as it is stored: so an
// order is taken once even where this process ends between the order and its answer.
func (a *API) doOnce(w http.ResponseWriter, r *http.Request, next http.Handler, o once) {
	order := control.Once(r.Context(), o.name())
	out := kept{to: w}
	done := false
	// The answer is kept also for somebody who has left.
	ctx := context.WithoutCancel(order)
	defer func() {
		if !done {
			_ = a.Keys.Keep(ctx, nil)
		}
	}()
	doing, ended := context.WithCancel(ctx)
	defer ended()
	go a.hold(doing)
	next.ServeHTTP(&out, r.WithContext(order))
	if out.status == 0 {
		out.status = http.StatusOK
	}
	var answer *Answered
	// What may go better the next time is not kept.
	if out.status < http.StatusInternalServerError && out.status != http.StatusTooManyRequests {
		answer = &Answered{Status: out.status, Type: out.Header().Get("Content-Type"), Body: o.seal(out.text.Bytes())}
	}
	if err := a.Keys.Keep(ctx, answer); err != nil {
		a.server.Refuse(w, r, fmt.Errorf("what was asked is done, and its answer could not be kept: %w: %w", err, dualtone.ErrUnavailable))
		done = true
		return
	}
	done = true
	out.send(w)
}

// hold keeps a request from being taken for lost while it is being done.
func (a *API) hold(ctx context.Context) {
	tick := time.NewTicker(holds)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = a.Keys.Hold(ctx) // the next one may go better
		}
	}
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
