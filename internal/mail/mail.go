// Package mail hands mail to a company's mail server.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/dualtone/dualtone"
)

// Encryption is how the way to the server is kept private.
type Encryption string

// The encryptions. There is none that goes on in the clear where the server
// offers no other way.
const (
	STARTTLS Encryption = "starttls" // begins in the clear, mostly on port 587
	TLS      Encryption = "tls"      // from the first byte, mostly on port 465
	Clear    Encryption = "none"     // for a server on the same machine
)

// Server is where mail is handed in, and as whom.
type Server struct {
	// Address is host:port.
	Address    string
	Encryption Encryption // STARTTLS if it is empty
	// CA are the certificates, in PEM, of which the server's must be one; the
	// machine's if there are none.
	CA []byte
	// User is empty where the server asks for no password.
	User     string
	Password string
	// From is the sender, as in "dualtone <dualtone@example.test>".
	From string
	// Timeout is for how long each step may take; 15 seconds if it is 0.
	Timeout time.Duration
}

// Message is a mail.
type Message struct {
	// Key is the same for every attempt to send the same mail. The Message-ID is
	// made from it, by which mail systems drop what they have seen.
	Key     string
	To      []string
	Subject string
	// Text is the mail as plain text, HTML the same for those who read that; HTML
	// may be empty.
	Text        string
	HTML        string
	Attachments []Attachment
}

// Attachment is a file that goes along.
type Attachment struct {
	Name string
	// Type is its media type, as in text/csv.
	Type    string
	Content []byte
}

const patience = 15 * time.Second

// Send hands a mail to the server and returns when the server has taken it for
// every recipient. ErrInvalid is a mail or an address that is wrong, ErrDenied
// a login or a recipient that is refused for good, ErrUnavailable all that may
// go well the next time.
func (s Server) Send(ctx context.Context, m Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("mail %q: %w: %w", m.Subject, err, dualtone.ErrInvalid)
	}
	c, err := s.client()
	if err != nil {
		return fmt.Errorf("mail server %s: %w: %w", s.Address, err, dualtone.ErrInvalid)
	}
	if err := hand(ctx, c, msg); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("mail server %s: %w: %w", s.Address, err, kind(err))
	}
	return nil
}

// hand hands a mail in. A farewell that fails is no reason to hand it in again.
func hand(ctx context.Context, c *gomail.Client, msg *gomail.Msg) error {
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.CloseWithSMTPClient(conn) }()
	return c.SendWithSMTPClient(conn, msg)
}

// kind tells a refusal for good from one for now: servers answer 5xx or 4xx.
func kind(err error) error {
	code := 0
	if refused, ok := errors.AsType[*gomail.SendError](err); ok {
		code = refused.ErrorCode()
	} else if refused, ok := errors.AsType[*textproto.Error](err); ok {
		code = refused.Code
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	if code >= 500 || untrusted {
		return dualtone.ErrDenied
	}
	return dualtone.ErrUnavailable
}

func (s Server) client() (*gomail.Client, error) {
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("%q is no port", port)
	}
	secure := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if len(s.CA) > 0 {
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(s.CA) {
			return nil, errors.New("the CA is no certificate in PEM")
		}
	}
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = patience
	}
	options := []gomail.Option{gomail.WithPort(number), gomail.WithTimeout(timeout), gomail.WithTLSConfig(secure)}
	switch s.Encryption {
	case TLS:
		options = append(options, gomail.WithSSL())
	case Clear:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case STARTTLS, "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		return nil, fmt.Errorf("encryption %q is unknown; known are starttls, tls and none", s.Encryption)
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return gomail.NewClient(host, options...)
}

// compose writes the mail.
func (s Server) compose(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(s.From); err != nil {
		return nil, err
	}
	if len(m.To) == 0 {
		return nil, errors.New("it goes to nobody")
	}
	if err := msg.To(m.To...); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	if m.Key != "" {
		sum := sha256.Sum256([]byte(m.Key))
		msg.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@dualtone")
	}
	// Nobody's absence note should answer a machine.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		if err := msg.AttachReader(a.Name, bytes.NewReader(a.Content), gomail.WithFileContentType(gomail.ContentType(a.Type))); err != nil {
			return nil, fmt.Errorf("attachment %s: %w", a.Name, err)
		}
	}
	return msg, nil
}

// Check reports what is wrong with the settings, without asking the server.
func (s Server) Check() error {
	msg := gomail.NewMsg()
	if err := msg.From(s.From); err != nil {
		return fmt.Errorf("from: %w: %w", err, dualtone.ErrInvalid)
	}
	if _, err := s.client(); err != nil {
		return fmt.Errorf("mail server %s: %w: %w", s.Address, err, dualtone.ErrInvalid)
	}
	return nil
}
