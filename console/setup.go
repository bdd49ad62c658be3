package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

// setup lets the first person in: whoever reads the terminal on which the program
// was started gives the administrator's password. The code is for once.
type setup struct {
	mu   sync.Mutex
	code string
	// tell is told the address with the code in it.
	tell func(address string)
}

// TellSetup has told where the first password is given, if none was yet.
func (s *Server) TellSetup(tell func(address string)) { s.setup.tell = tell }

// Administrator is the account of whoever starts dualtone on one machine.
const Administrator = "admin"

// openSetup makes a code as long as nobody can sign in.
func (s *Server) openSetup(ctx context.Context, at net.Addr) {
	if s.provider != nil || s.setup.tell == nil {
		return
	}
	if _, err := s.stores.Accounts.Account(ctx, Administrator); !errors.Is(err, dualtone.ErrNotFound) {
		return
	}
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	s.setup.code = strings.ToLower(rand.Text())
	base := s.config.URL
	if base == "" {
		base = "http://" + at.String()
	}
	s.setup.tell(base + "/setup?code=" + s.setup.code)
}

func (s *Server) setupCode(given string) bool {
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	return s.setup.code != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.setup.code)) == 1
}

// unset reports whether this start still waits for the first password.
func (s *Server) unset() bool {
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	return s.setup.code != ""
}

// SetupView is what the page shows on which the first password is given.
type SetupView struct {
	Code  string
	Name  string
	Wrong string
}

var errNoSetup = fmt.Errorf("this link has been used, or is of an earlier start; sign in, or look for a newer one: %w", dualtone.ErrNotFound)

func (s *Server) showSetup(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	if !s.mayTry(w, r, s.signIns, "setup "+address(r)) {
		return
	}
	if !s.setupCode(code) {
		s.refuse(w, r, errNoSetup)
		return
	}
	s.pages.Setup(w, r, http.StatusOK, SetupView{Code: code, Name: Administrator})
}

func (s *Server) setUp(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.refuse(w, r, wrongForm(err))
		return
	}
	if !s.mayTry(w, r, s.signIns, "setup "+address(r)) {
		return
	}
	code, given := r.PostForm.Get("code"), r.PostForm.Get("password")
	if !s.setupCode(code) {
		s.refuse(w, r, errNoSetup)
		return
	}
	if err := CheckPassword(given); err != nil {
		s.pages.Setup(w, r, http.StatusUnprocessableEntity, SetupView{Code: code, Name: Administrator, Wrong: reason(err)})
		return
	}
	ctx := audit.Because(r.Context(), audit.Cause{Actor: Administrator, Via: "first start", Reason: "the first password", Request: RequestID(r.Context())})
	err := s.stores.Accounts.KeepAccount(ctx, access.Account{
		Name: Administrator, Kind: access.Person, Source: access.Local, Roles: access.Roles(), Password: s.hasher.Hash(given),
		Created: s.now().UTC(), By: Administrator,
	})
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.setup.mu.Lock()
	s.setup.code = ""
	s.setup.mu.Unlock()
	s.letIn(w, r, session{Account: Administrator, Source: access.Local, At: s.now().UTC()}, "/")
}

// The length of passwords. What is longer is no password but an attempt to keep
// the machine busy.
const (
	minPassword = 12
	maxPassword = 200
)

// CheckPassword refuses what is too short to keep anybody out.
func CheckPassword(text string) error {
	switch n := utf8.RuneCountInString(text); {
	case n < minPassword:
		return fmt.Errorf("a password has at least %d characters; a sentence is easy to keep in mind: %w", minPassword, dualtone.ErrInvalid)
	case len(text) > maxPassword:
		return fmt.Errorf("a password has at most %d bytes: %w", maxPassword, dualtone.ErrInvalid)
	default:
		return nil
	}
}

// reason is an error's words without the name of its kind.
func reason(err error) string {
	return strings.TrimSuffix(err.Error(), ": "+dualtone.ErrInvalid.Error())
}
