package sipedge

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/dualtone/dualtone/internal/certtest"
)

// certificates are those of a server that wants one of its clients, and of a client
// that has one.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	ca := certtest.New(t)
	server = &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Server(t)},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(),
	}
	client = &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Client(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))},
		RootCAs: ca.Pool(), ServerName: "127.0.0.1",
	}
	return server, client
}
