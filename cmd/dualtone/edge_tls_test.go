package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/internal/certtest"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/follow"
)

// secretEdge serves look-ups as the settings of an edge say that wants both a
// certificate of an authority and a token, and returns where.
func secretEdge(t *testing.T, server, clients *certtest.Authority, token string) (address string) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string, text []byte) string {
		where := filepath.Join(dir, name)
		if err := os.WriteFile(where, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return where
	}
	cert, key := certtest.Files(t, server.Server(t))
	cfg := config.Default()
	cfg.Edge.Old.Host, cfg.Edge.New.Host = "old.example.test", "new.example.test"
	cfg.Edge.Journal = "none"
	cfg.Edge.Peers = []config.EdgePeer{{Network: "127.0.0.1", Ingress: "carrier", Country: "US"}}
	cfg.Edge.HTTP = config.EdgeHTTP{TLS: true, Token: config.Secret("file:" + file("token", []byte(token)))}
	cfg.Edge.TLS = config.TLS{Cert: file("cert", cert), KeyFile: file("key", key), CA: file("ca", clients.PEM())}
	table, err := follow.New(follow.Config{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p, err := newPlane(&cfg, table, log)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.lookUps()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ln, err := p.listenTCP(ctx, "127.0.0.1:0", p.secured(cfg.Edge.HTTP.TLS), s.Core)
	if err != nil {
		t.Fatal(err)
	}
	p.group = new(errgroup.Group)
	p.group.Go(func() error { return edge.ServeHTTP(ctx, ln, s.Handler(), log) })
	t.Cleanup(func() {
		stop()
		if err := p.group.Wait(); err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func TestLookUpsAreForThoseWithACertificateOfTheAuthorityAndTheToken(t *testing.T) {
	t.Parallel()
	const token = "open sesame"
	ours, theirs := certtest.New(t), certtest.New(t)
	address := secretEdge(t, ours, ours, token)
	now := time.Now()
	valid := ours.Client(t, now.Add(-time.Hour), now.Add(time.Hour))
	for _, c := range []struct {
		what  string
		certs []tls.Certificate
		token string
		// status is what is answered; 0 for a connection that is refused.
		status int
	}{
		{"a certificate and the token", []tls.Certificate{valid}, token, http.StatusOK},
		{"a certificate without the token", []tls.Certificate{valid}, "", http.StatusUnauthorized},
		{"a certificate and another token", []tls.Certificate{valid}, token + "!", http.StatusUnauthorized},
		{"the token without a certificate", nil, token, 0},
		{"a certificate of another authority", []tls.Certificate{theirs.Client(t, now.Add(-time.Hour), now.Add(time.Hour))}, token, 0},
		{"a certificate that has expired", []tls.Certificate{ours.Client(t, now.Add(-2*time.Hour), now.Add(-time.Minute))}, token, 0},
		{"a certificate that is not valid yet", []tls.Certificate{ours.Client(t, now.Add(30*time.Minute), now.Add(time.Hour))}, token, 0},
		{"a certificate of a server", []tls.Certificate{ours.Server(t)}, token, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			// The certificate is sent whatever the server says it wants: a client that
			// keeps the wrong one back would only be seen to have none.
			conf := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ours.Pool()}
			if c.certs != nil {
				conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.certs[0], nil }
			}
			status, body, err := lookUp(t, &http.Transport{TLSClientConfig: conf}, "https://"+address, c.token)
			switch {
			case c.status == 0 && err == nil:
				t.Errorf("answered with %d %s", status, body)
			case c.status == 0 && !strings.Contains(err.Error(), "remote error: tls: "):
				t.Errorf("refused for another reason: %v", err)
			case c.status != 0 && (err != nil || status != c.status):
				t.Errorf("%d %s %v, want %d", status, body, err, c.status)
			}
		})
	}
	if status, body, err := lookUp(t, &http.Transport{}, "http://"+address, token); err != nil || status != http.StatusBadRequest {
		t.Errorf("without TLS: %d %s %v", status, body, err)
	}
}

// lookUp asks where a call for help goes, which is decided without a table.
func lookUp(t *testing.T, by *http.Transport, base, token string) (status int, body string, err error) {
	t.Helper()
	defer by.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/word?to=911", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := (&http.Client{Transport: by, Timeout: time.Minute}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}
