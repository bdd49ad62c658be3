// Package password keeps passwords as argon2id hashes in the usual text form.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash: the first recommendation of RFC 9106 for machines that have
// less memory to spare.
const (
	passes  = 3
	memory  = 64 << 10 // KiB
	threads = 4
	saltLen = 16
	keyLen  = 32
	// atOnce bounds the memory that people who sign in at the same time take.
	atOnce = 4
)

// Hasher hashes a few passwords at a time.
type Hasher struct {
	slots chan struct{}
}

// New returns a hasher.
func New() *Hasher { return &Hasher{slots: make(chan struct{}, atOnce)} }

// nobody costs as much as any other hash, and no password has it.
func nobody() string { return encoded(make([]byte, saltLen), make([]byte, keyLen)) }

// Hash makes the hash of a password.
func (h *Hasher) Hash(password string) string {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // it never fails
	return encoded(salt, h.key(password, salt, passes, memory, threads, keyLen))
}

func encoded(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func (h *Hasher) key(password string, salt []byte, passes, memory uint32, threads uint8, length uint32) []byte {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, passes, memory, threads, length)
}

// Matches reports whether a password has a hash. It takes as long for the empty
// hash of an account without a password as for any other.
func (h *Hasher) Matches(password, hash string) bool {
	known := hash != ""
	if !known {
		hash = nobody()
	}
	var version int
	var m, t uint32
	var p uint8
	parts := strings.Split(hash, "$")
	const fields = 6
	if len(parts) != fields || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 {
		return false
	}
	got := h.key(password, salt, t, m, p, uint32(len(want))) //nolint:gosec // a hash has some dozens of bytes
	return subtle.ConstantTimeCompare(got, want) == 1 && known
}
