package salesforcesim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// longestAssertion is how far in the future a JWT may expire, with the skew of
// clocks that Salesforce allows.
const longestAssertion = 3*time.Minute + 30*time.Second

// ErrKey means that a text holds no RSA public key.
var ErrKey = errors.New("salesforcesim: no RSA public key")

// ParseKey reads the public key of a PEM certificate or key, as it is uploaded
// to a connected app.
func ParseKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, ErrKey
	}
	var key any
	var err error
	if block.Type == "CERTIFICATE" {
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = certificate.PublicKey
		}
	} else {
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, ErrKey
	}
	return public, nil
}

type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  float64  `json:"exp"`
}

// audience is one text or several.
type audience []string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// byAssertion verifies a JWT and returns the user it stands for.
func (s *Server) byAssertion(assertion string) (string, *denied) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "", &denied{"invalid_grant", "invalid assertion"}
	}
	var head struct {
		Algorithm string `json:"alg"`
	}
	var said claims
	if !decodePart(parts[0], &head) || !decodePart(parts[1], &said) || head.Algorithm != "RS256" {
		return "", &denied{"invalid_grant", "invalid assertion"}
	}
	app := s.app(said.Issuer)
	if app == nil {
		return "", &denied{"invalid_client_id", "client identifier invalid"}
	}
	if app.PublicKey == nil || !signed(app.PublicKey, parts) {
		return "", &denied{"invalid_grant", "invalid assertion"}
	}
	if !slices.ContainsFunc(said.Audience, s.isAudience) {
		return "", &denied{"invalid_grant", "audience is invalid"}
	}
	now, until := s.org.Now(), time.Unix(int64(said.Expires), 0)
	if !until.After(now) || until.Sub(now) > longestAssertion {
		return "", &denied{"invalid_grant", "expired authorization code"}
	}
	user, no := s.activeUser(said.Subject)
	if no != nil {
		if no.code == "invalid_grant" {
			return "", &denied{"invalid_grant", "user hasn't approved this consumer"}
		}
		return "", no
	}
	if !app.approves(said.Subject) {
		return "", &denied{"invalid_grant", "user hasn't approved this consumer"}
	}
	return user, nil
}

// isAudience: the login host differs between sandboxes and production; the My
// Domain is always good.
func (s *Server) isAudience(named string) bool {
	host := "https://login.salesforce.com"
	if s.org.tables["Organization"].rows[s.org.company].values["IsSandbox"] == true {
		host = "https://test.salesforce.com"
	}
	named = strings.TrimSuffix(named, "/")
	return named == host || named == s.url
}

func signed(key *rsa.PublicKey, parts []string) bool {
	signature, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[2], "="))
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	return err == nil && json.Unmarshal(text, into) == nil
}
