package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

// Secret is a reference to a secret: env:NAME or file:/path. What it stands for
// is read when it is used and never shown.
type Secret string

// URL is an address that may be written out as long as it holds no password;
// one that does is given by reference, like a Secret.
type URL string

// Secrets reads what references stand for.
type Secrets struct {
	Env  func(name string) (string, bool)
	File func(name string) ([]byte, error)
}

// MachineSecrets reads from the environment and the files of this machine.
func MachineSecrets() *Secrets {
	return &Secrets{Env: os.LookupEnv, File: os.ReadFile}
}

// Resolve returns what the reference stands for; empty for an empty one.
func (s *Secret) Resolve(from *Secrets) (string, error) {
	if *s == "" {
		return "", nil
	}
	return from.resolve(string(*s))
}

// Resolve returns the address itself or what its reference stands for.
func (u *URL) Resolve(from *Secrets) (string, error) {
	if isReference(string(*u)) {
		return from.resolve(string(*u))
	}
	return string(*u), nil
}

// confidential is a value that may be a secret.
type confidential interface {
	Resolve(from *Secrets) (string, error)
}

func (s *Secret) decode(d *decoder, key string, n *placed.Node) {
	d.secret(key, n, reflect.ValueOf(s).Elem())
}

func (u *URL) decode(d *decoder, key string, n *placed.Node) {
	v := reflect.ValueOf(u).Elem()
	if n.Shape.Scalar() && checkURL(n.Text) != nil {
		d.problem(n, key, checkURL(n.Text).Error(), "")
		return
	}
	d.text(key, n, v)
}

var errLiteralSecret = errors.New("a secret is not written into the settings, since files and environments are copied and shown; " +
	"give env:NAME or file:/path")

func isReference(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:/")
}

// checkReference refuses anything that is no reference, without repeating it.
func checkReference(text string) error {
	name, isEnv := strings.CutPrefix(text, "env:")
	path, isFile := strings.CutPrefix(text, "file:")
	switch {
	case !isEnv && !isFile:
		return errLiteralSecret
	case isEnv && (name == "" || strings.ContainsAny(name, "= \t\n")):
		return errors.New("env: wants the name of a variable")
	case isFile && !filepath.IsAbs(path):
		return errors.New("file: wants a path from the root, such as file:/run/secrets/name")
	default:
		return nil
	}
}

func checkURL(text string) error {
	if text == "" || isReference(text) {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("not an address that can be read; give postgres://user@host/database, or a reference env:NAME or file:/path")
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") || strings.Contains(text, "password=") {
		return errLiteralSecret
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("want postgres://user@host/database, or a reference env:NAME or file:/path")
	}
	return nil
}

// resolve reads what a reference stands for. Its errors name the reference,
// never the secret.
func (s *Secrets) resolve(reference string) (string, error) {
	if err := checkReference(reference); err != nil {
		return "", err
	}
	if name, ok := strings.CutPrefix(reference, "env:"); ok {
		value, set := s.Env(name)
		if !set || value == "" {
			return "", fmt.Errorf("%s: the variable is not set", reference)
		}
		return value, nil
	}
	path := strings.TrimPrefix(reference, "file:")
	text, err := s.File(path)
	if err != nil {
		if pathErr, ok := errors.AsType[*os.PathError](err); ok {
			err = pathErr.Err
		}
		return "", fmt.Errorf("%s: %w", reference, err)
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s: the file is empty", reference)
	}
	return value, nil
}

// secretNames are the last words of the keys that hold secrets by their name.
func secretNames() []string {
	return []string{"password", "passphrase", "secret", "token", "private_key", "api_key", "secret_key", "access_key", "session_token"}
}

// holdsSecret reports whether a connector's field is a secret: one tagged
// dualtone:"secret", or one whose key ends in password, secret, token and the
// like, unless it is tagged dualtone:"open".
func holdsSecret(key string, f reflect.StructField) bool {
	switch f.Tag.Get("dualtone") {
	case "secret":
		return true
	case "open":
		return false
	}
	return secretName(key)
}

func secretName(key string) bool {
	for _, name := range secretNames() {
		if key == name || strings.HasSuffix(key, "_"+name) {
			return true
		}
	}
	return false
}
