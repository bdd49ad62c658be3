package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/server/common/auth"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

// parseDatabaseURL takes the server, the account and the encryption from a
// URL. Its database is the one to connect to while creating the others.
func parseDatabaseURL(raw string) (config.SQL, error) {
	none := config.SQL{}
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's error repeats the URL, and with it the password.
		return none, errors.New("DATABASE_URL: not a URL; give it as postgres://user:password@host:port/database")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Hostname() == "" {
		return none, errors.New("DATABASE_URL: give it as postgres://user:password@host:port/database")
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	password, _ := u.User.Password()
	sql := config.SQL{
		PluginName:      plugin,
		ConnectProtocol: "tcp",
		ConnectAddr:     u.Hostname() + ":" + port,
		User:            u.User.Username(),
		Password:        password,
		DatabaseName:    "postgres",
	}
	if len(u.Path) > 1 {
		sql.DatabaseName = u.Path[1:]
	}
	switch mode := u.Query().Get("sslmode"); mode {
	case "", "disable", "allow", "prefer":
	case "require", "verify-ca", "verify-full":
		sql.TLS = &auth.TLS{
			Enabled:                true,
			CaFile:                 u.Query().Get("sslrootcert"),
			ServerName:             u.Hostname(),
			EnableHostVerification: mode == "verify-full",
		}
	default:
		return none, fmt.Errorf("DATABASE_URL: sslmode %q is not one of disable, require, verify-ca, verify-full", mode)
	}
	return sql, nil
}

var databaseName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// ensureSchema creates what is missing and upgrades what is older. A start
// that was cut short in the middle is completed by the next one.
func ensureSchema(ctx context.Context, base config.SQL, s settings, logger log.Logger) error {
	for name, schemaName := range map[string]string{
		s.database:           "postgresql/v12/temporal",
		s.visibilityDatabase: "postgresql/v12/visibility",
	} {
		if !databaseName.MatchString(name) {
			return fmt.Errorf("database name %q: use small letters, digits and underscores", name)
		}
		if err := ensureDatabase(ctx, s.databaseURL, name); err != nil {
			return err
		}
		db := base
		db.DatabaseName = name
		if err := upgrade(&db, schemaName, logger); err != nil {
			return fmt.Errorf("schema of database %s at %s: %w", name, base.ConnectAddr, err)
		}
	}
	return nil
}

func ensureDatabase(ctx context.Context, databaseURL, name string) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var there bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&there); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("create database %s as %s: %w; let an administrator create it and give it to that account",
			name, conn.Config().User, err)
	}
	return nil
}

func upgrade(db *config.SQL, schemaName string, logger log.Logger) error {
	conn, err := sql.NewConnection(db, logger)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ReadSchemaVersion(); err != nil {
		setup := &schema.SetupConfig{InitialVersion: "0.0"}
		if err := schema.NewSetupSchemaTask(conn, setup, logger).Run(); err != nil {
			return err
		}
	}
	return schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{SchemaName: schemaName}, logger).Run()
}
