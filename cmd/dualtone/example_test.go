package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/systems/all"
)

func TestTheExampleFileIsValidForEveryConnectorInIt(t *testing.T) {
	t.Parallel()
	key := privateKey(t)
	const example = "../../config/dualtone.example.yaml"
	cfg, err := config.Check(config.Sources{File: example, Kinds: all.Specs()}, &config.Secrets{
		Env: func(name string) (string, bool) { return "value-of-" + name, true },
		File: func(name string) ([]byte, error) {
			if filepath.Ext(name) == ".yaml" {
				return os.ReadFile("../../config/mapping.example.yaml")
			}
			return key, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range all.Specs() {
		found := false
		for _, s := range cfg.Systems {
			found = found || s.Kind == spec.Kind
		}
		if !found {
			t.Errorf("the example has no system of kind %s", spec.Kind)
		}
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cfg.Settings() {
		last, _, _ := strings.Cut(s.Key[strings.LastIndexByte(s.Key, '.')+1:], "[")
		if !strings.Contains(string(text), last+":") {
			t.Errorf("the example says nothing of %s", s.Key)
		}
	}
}

func privateKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}
