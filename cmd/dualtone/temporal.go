package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
)

const dialPatience = 15 * time.Second

func dialTemporal(ctx context.Context, t config.Temporal, logger *slog.Logger) (client.Client, error) {
	options := client.Options{
		HostPort:  t.Address,
		Namespace: t.Namespace,
		Logger:    log.NewStructuredLogger(logger),
	}
	key, err := t.APIKey.Resolve(config.MachineSecrets())
	if err != nil {
		return nil, fmt.Errorf("temporal.api_key: %w: %w", err, dualtone.ErrInvalid)
	}
	if key != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(key)
	}
	if t.TLS != (config.TLS{}) || key != "" {
		if options.ConnectionOptions.TLS, err = tlsConfig("temporal.tls", t.TLS); err != nil {
			return nil, err
		}
	} else {
		// Without TLS the server is here or next door, where compressing takes
		// longer than sending.
		options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	}
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, hint(fmt.Errorf("temporal at %s: %w: %w", t.Address, err, dualtone.ErrUnavailable),
			"check temporal.address and temporal.namespace")
	}
	return c, nil
}

// tlsConfig reads the certificates that a part of the settings names.
func tlsConfig(key string, t config.TLS) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		text, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("%s.ca: %w: %w", key, err, dualtone.ErrInvalid)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s.ca: %s holds no certificate: %w", key, t.CA, dualtone.ErrInvalid)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", key, err, dualtone.ErrInvalid)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}
