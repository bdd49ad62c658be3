package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/internal/traces"
)

const dialPatience = 15 * time.Second

func (a *app) dialTemporal(ctx context.Context, cfg *config.Config, t config.Temporal) (client.Client, error) {
	options := client.Options{
		HostPort:  t.Address,
		Namespace: t.Namespace,
		Logger:    log.NewStructuredLogger(a.logger(cfg)),
	}
	if err := a.watch(cfg, &options); err != nil {
		return nil, err
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

// watch has traces carried through Temporal and its figures kept, as far as
// anybody looks at them.
func (a *app) watch(cfg *config.Config, options *client.Options) (err error) {
	if cfg.Telemetry.OTLP != "" {
		traced, err := traces.Temporal()
		if err != nil {
			return fmt.Errorf("traces: %w", err)
		}
		options.Interceptors = append(options.Interceptors, traced)
	}
	if cfg.Console.Metrics != "" || cfg.Telemetry.Metrics != "" {
		options.MetricsHandler, err = traces.Figures(a.temporalFigures)
	}
	return err
}

// traced sends traces, if the settings say where to, for as long as do lasts.
func (a *app) traced(ctx context.Context, cfg *config.Config, do func() error) error {
	stop, err := traces.Start(ctx, traces.Config{OTLP: cfg.Telemetry.OTLP, Sample: cfg.Telemetry.Sample, Version: version})
	if err != nil {
		return err
	}
	defer func() {
		const sending = 5 * time.Second
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sending)
		defer cancel()
		if err := stop(ctx); err != nil {
			a.logger(cfg).WarnContext(ctx, "traces were not all sent", "error", err)
		}
	}()
	return do()
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
