// Package certtest makes certificates for tests, for servers and clients on the
// loopback.
package certtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// New makes an authority of its own, which nobody else trusts.
func New(tb testing.TB) *Authority {
	tb.Helper()
	a := &Authority{}
	a.key, a.cert = sign(tb, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority of a test"}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	return a
}

// Pool trusts the authority and nobody else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// PEM is the authority's certificate as a file holds it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Server is a certificate of 127.0.0.1.
func (a *Authority) Server(tb testing.TB) tls.Certificate {
	tb.Helper()
	return a.pair(tb, x509.ExtKeyUsageServerAuth, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
}

// Client is a certificate of a client, which is valid between two times.
func (a *Authority) Client(tb testing.TB, from, until time.Time) tls.Certificate {
	tb.Helper()
	return a.pair(tb, x509.ExtKeyUsageClientAuth, from, until)
}

func (a *Authority) pair(tb testing.TB, use x509.ExtKeyUsage, from, until time.Time) tls.Certificate {
	tb.Helper()
	key, cert := sign(tb, &x509.Certificate{
		Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// Files are a certificate and its key as files hold them.
func Files(tb testing.TB, pair tls.Certificate) (cert, key []byte) {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// sign makes a key and its certificate, which the key itself signs if there is no
// authority yet.
func sign(tb testing.TB, template *x509.Certificate, by *Authority) (*ecdsa.PrivateKey, *x509.Certificate) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	if by == nil {
		by = &Authority{key: key, cert: template}
	}
	const bits = 62
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits)); err != nil {
		tb.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &key.PublicKey, by.key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return key, cert
}
