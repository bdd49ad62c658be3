package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"

	"github.com/dualtone/dualtone"
)

// NewKey makes a private key from a source of chance and returns it and its
// public key as PEM.
func NewKey(chance io.Reader) (private, public []byte, err error) {
	pub, key, err := ed25519.GenerateKey(chance)
	if err != nil {
		return nil, nil, fmt.Errorf("evidence key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("evidence key: %w", err)
	}
	pubDER, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, nil, fmt.Errorf("evidence key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: pubDER}), nil
}

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// ParsePrivateKey reads an Ed25519 key in PKCS 8, PEM.
func ParsePrivateKey(text []byte) (ed25519.PrivateKey, error) {
	return parseKey[ed25519.PrivateKey](text, privateBlock, x509.ParsePKCS8PrivateKey)
}

// ParsePublicKey reads an Ed25519 public key, PEM.
func ParsePublicKey(text []byte) (ed25519.PublicKey, error) {
	return parseKey[ed25519.PublicKey](text, publicBlock, x509.ParsePKIXPublicKey)
}

// parseKey never puts what it read into an error.
func parseKey[K any](text []byte, kind string, parse func([]byte) (any, error)) (key K, err error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return key, fmt.Errorf("evidence key: want a PEM block %q: %w", kind, dualtone.ErrInvalid)
	}
	parsed, err := parse(block.Bytes)
	if err != nil {
		return key, fmt.Errorf("evidence key: it cannot be read: %w", dualtone.ErrInvalid)
	}
	key, ok := parsed.(K)
	if !ok {
		return key, fmt.Errorf("evidence key: want an Ed25519 key: %w", dualtone.ErrInvalid)
	}
	return key, nil
}

// Fingerprint is how people tell public keys apart.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}
