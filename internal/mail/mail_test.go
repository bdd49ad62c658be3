package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/dualtone/dualtone"
	post "github.com/dualtone/dualtone/internal/mail"
)

// office is a mail server that keeps what is handed in.
type office struct {
	post.Server

	mu     sync.Mutex
	taken  []taken
	refuse *smtp.SMTPError // what it says to every mail
}

type taken struct {
	from string
	to   []string
	text string
}

func (o *office) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{office: o}, nil
}

type session struct {
	*office

	letter taken
	in     bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "dualtone" || password != "sesame" {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	s.letter = taken{from: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	s.letter.to = append(s.letter.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	s.letter.text = string(text)
	s.office.taken = append(s.office.taken, s.letter)
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error { return nil }

// open opens a mail server on a socket and returns it with the way to it.
func open(t *testing.T, how post.Encryption) *office {
	t.Helper()
	cert, ca := certificate(t)
	o := &office{}
	server := smtp.NewServer(o)
	server.Domain = "mail.example.test"
	server.AllowInsecureAuth = false
	secure := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	switch how {
	case post.TLS:
		listener = tls.NewListener(listener, secure)
	case post.STARTTLS:
		server.TLSConfig = secure
	case post.Clear:
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	o.Server = post.Server{
		Address: listener.Addr().String(), Encryption: how, CA: ca, User: "dualtone", Password: "sesame",
		From: "dualtone <dualtone@example.test>",
	}
	return o
}

func certificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func report() post.Message {
	return post.Message{
		Key: "report/overlap/2027-03", To: []string{"fin@example.test", "Pat <pat@example.test>"},
		Subject: "Overlap in March – 12 % over", Text: "23,733.87 £", HTML: "<p>23,733.87&nbsp;£</p>",
		Attachments: []post.Attachment{{Name: "overlap.csv", Type: "text/csv", Content: []byte("site,amount\nlondon,23733.87\n")}},
	}
}

func TestAMailArrivesWholeOverAnEncryptedWay(t *testing.T) {
	t.Parallel()
	for _, how := range []post.Encryption{post.TLS, post.STARTTLS} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			o := open(t, how)
			if err := o.Send(t.Context(), report()); err != nil {
				t.Fatal(err)
			}
			if len(o.taken) != 1 || o.taken[0].from != "dualtone@example.test" || strings.Join(o.taken[0].to, " ") != "fin@example.test pat@example.test" {
				t.Fatalf("taken: %+v", o.taken)
			}
			head, parts := read(t, o.taken[0].text)
			if head.Get("Auto-Submitted") != "auto-generated" {
				t.Error("it does not say that a machine wrote it")
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			if err != nil || subject != report().Subject {
				t.Errorf("subject %q, %v", subject, err)
			}
			if got := strings.Join(parts, "|"); !strings.Contains(got, "text/plain") || !strings.Contains(got, "text/html") || !strings.Contains(got, "overlap.csv") {
				t.Errorf("parts: %s", got)
			}
		})
	}
}

// read returns a mail's head and what its parts are.
func read(t *testing.T, text string) (mail.Header, []string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, partsOf(t, m.Header.Get("Content-Type"), m.Body)
}

func partsOf(t *testing.T, kind string, body io.Reader) []string {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(media, "multipart/") {
		return []string{media}
	}
	var all []string
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, append(partsOf(t, p.Header.Get("Content-Type"), p), p.FileName())...)
	}
}

func TestTheSameMailTwiceHasOneMessageID(t *testing.T) {
	t.Parallel()
	o := open(t, post.STARTTLS)
	other := report()
	other.Key = "report/overlap/2027-04"
	for _, m := range []post.Message{report(), report(), other} {
		if err := o.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, letter := range o.taken {
		head, _ := read(t, letter.text)
		ids = append(ids, head.Get("Message-Id"))
	}
	if ids[0] == "" || ids[0] != ids[1] || ids[0] == ids[2] {
		t.Errorf("Message-IDs: %q", ids)
	}
}

func TestAPasswordNeverGoesInTheClear(t *testing.T) {
	t.Parallel()
	o := open(t, post.Clear)
	o.Encryption = post.STARTTLS // which this server has not
	if err := o.Send(t.Context(), report()); err == nil || len(o.taken) > 0 {
		t.Errorf("a server without STARTTLS took %d mails, %v", len(o.taken), err)
	}
}

func TestErrorsSayWhetherTryingAgainMayHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what   string
		change func(*office, *post.Message)
		want   error
		says   string
	}{
		{"a wrong password", func(o *office, _ *post.Message) { o.Password = "guess" }, dualtone.ErrDenied, "535"},
		{"an unknown mailbox", func(_ *office, m *post.Message) { m.To = append(m.To, "nobody@example.test") }, dualtone.ErrDenied, "no such mailbox"},
		{"a full disk", func(o *office, _ *post.Message) { o.refuse = &smtp.SMTPError{Code: 452, Message: "no space"} }, dualtone.ErrUnavailable, "no space"},
		{"content that is refused", func(o *office, _ *post.Message) { o.refuse = &smtp.SMTPError{Code: 554, Message: "is spam"} }, dualtone.ErrDenied, "is spam"},
		{"a server that is away", func(o *office, _ *post.Message) { o.Address = "127.0.0.1:1" }, dualtone.ErrUnavailable, "127.0.0.1:1"},
		{"a certificate of somebody else", func(o *office, _ *post.Message) { o.CA = nil }, dualtone.ErrDenied, "certificate"},
		{"an address that is none", func(_ *office, m *post.Message) { m.To = []string{"fin at example"} }, dualtone.ErrInvalid, "fin at example"},
		{"nobody to send it to", func(_ *office, m *post.Message) { m.To = nil }, dualtone.ErrInvalid, "nobody"},
		{"a server without a port", func(o *office, _ *post.Message) { o.Address = "mail.example.test" }, dualtone.ErrInvalid, "port"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			o, m := open(t, post.STARTTLS), report()
			c.change(o, &m)
			err := o.Send(t.Context(), m)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %v with %q", err, c.want, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "guess")) {
				t.Errorf("the password is told: %v", err)
			}
		})
	}
}
