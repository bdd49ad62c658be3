package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const planWatchLong = `Follows a plan: its stages, the users of each by state, who failed and why, holds,
tasks, and how long the stage at work may still take. On a terminal it is redrawn
each second until q is pressed; elsewhere it writes a line whenever something
changes, and ends when the plan is at rest.`

func planWatch(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "watch PLAN", Short: "Follow a plan live", Long: planWatchLong, Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withReads(cmd.Context(), func(r reads) error {
				w := &planWatcher{plans: r, name: args[0]}
				if a.live && a.flags.output == asTable {
					return w.live(cmd.Context(), a)
				}
				return w.lines(cmd.Context(), a)
			})
		},
	}
}

// planWatcher reads again and again how a plan stands.
type planWatcher struct {
	plans watched
	name  string
	paces map[string]*stagePace
}

// watched is where plans stand and who of them failed.
type watched interface {
	PlanView(ctx context.Context, name string) (control.PlanView, error)
	PlanUsers(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error)
}

// look is what is seen of a plan at a moment.
type look struct {
	view   control.PlanView
	failed []rollout.User
	eta    map[string]string
}

const mostFailed = 8

func (w *planWatcher) look(ctx context.Context) (look, error) {
	v, err := w.plans.PlanView(ctx, w.name)
	if err != nil {
		return look{}, hint(err, "dualtone plan list shows which there are")
	}
	l := look{view: v, eta: map[string]string{}}
	if w.paces == nil {
		w.paces = map[string]*stagePace{}
	}
	for _, s := range v.Stages {
		if w.paces[s.ID] == nil {
			w.paces[s.ID] = &stagePace{}
		}
		l.eta[s.ID] = w.paces[s.ID].at(s, v.AsOf)
	}
	for _, s := range v.Stages {
		states := astray(s)
		if len(states) == 0 || len(l.failed) >= mostFailed {
			continue
		}
		found, err := w.plans.PlanUsers(ctx, rollout.UserQuery{Plan: w.name, Stage: s.ID, States: states, Limit: mostFailed - len(l.failed)})
		if err != nil {
			return look{}, err
		}
		l.failed = append(l.failed, found...)
	}
	return l, nil
}

// astray are the states of those people of a stage who are not where they should be.
// Who came back with a stage that was taken back is.
func astray(s rollout.Stage) []cutover.State {
	return slices.DeleteFunc(rollout.FailedUsers(), func(state cutover.State) bool {
		back := s.State == rollout.RollingBack || s.State == rollout.RolledBack || s.State == rollout.RollbackIncomplete
		return s.Users[state] == 0 || back && state == cutover.Restored
	})
}

// stagePace guesses how long a stage will take from how fast it has been since
// it was first looked at, and how fast it is lately.
type stagePace struct {
	state rollout.State
	seen  []sample
}

type sample struct {
	at   time.Time
	done int
}

const lately = 2 * time.Minute

// at adds what is seen and returns how long it may still take, with a range;
// empty while that is not known.
func (p *stagePace) at(s rollout.Stage, now time.Time) string {
	left := rollout.Left(s.Users)
	done := s.Users.Total() - left
	if s.State == rollout.RollingBack {
		left = 0
		for _, state := range rollout.ToTakeBack() {
			left += s.Users[state]
		}
		done = s.Users.Total() - left
	}
	if s.State != p.state {
		p.state, p.seen = s.State, nil
	}
	if s.State != rollout.Switching && s.State != rollout.RollingBack {
		return ""
	}
	p.seen = append(p.seen, sample{now, done})
	first := p.seen[0]
	recent := first
	for _, x := range p.seen {
		if now.Sub(x.at) >= lately {
			recent = x
		}
	}
	const most = 3600
	if len(p.seen) > most {
		p.seen = append(p.seen[:1], p.seen[len(p.seen)-most/2:]...)
	}
	a, okA := first.left(now, done, left)
	b, okB := recent.left(now, done, left)
	if !okA || !okB {
		return ""
	}
	a, b = min(a, b), max(a, b)
	if b-a < a/5 {
		a, b = a*4/5, b*6/5
	}
	return fmt.Sprintf("%s to %s left", a.Round(time.Second), b.Round(time.Second))
}

// left is how long it takes at the speed since the sample.
func (x sample) left(now time.Time, done, left int) (time.Duration, bool) {
	if done <= x.done || !now.After(x.at) {
		return 0, false
	}
	return now.Sub(x.at) / time.Duration(done-x.done) * time.Duration(left), true
}

// lines writes a line whenever something changes.
func (w *planWatcher) lines(ctx context.Context, a *app) error {
	last := ""
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		l, err := w.look(ctx)
		if err != nil {
			return err
		}
		if line := l.line(); line != last {
			_, _ = fmt.Fprintf(a.err, "%s %s\n", clock(l.view.AsOf), line)
			last = line
		}
		if planAtRest(l.view.Plan.State) {
			return a.show(standingOf(l.view, nil), func(t *table) { planTable(t, l.view) })
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func planAtRest(s rollout.State) bool {
	switch s {
	case rollout.Active, rollout.Aborting, rollout.RollingBack:
		return false
	default:
		return true
	}
}

// line is a plan in a line: what is at work, how far, and what is in the way.
func (l look) line() string {
	parts := []string{fmt.Sprintf("plan %s %s", l.view.Plan.Name, l.view.Plan.State)}
	for _, s := range l.view.Stages {
		if s.State == rollout.Pending || s.State == rollout.Passed || s.State == rollout.Skipped || s.State == rollout.Finalised {
			continue
		}
		text := fmt.Sprintf("%s %s %d/%d", s.ID, s.State, s.Users[cutover.OnNew], s.Users.Total())
		if bad := badUsers(s); bad != "" {
			text += " (" + bad + ")"
		}
		if s.Detail != "" {
			text += ": " + printable(s.Detail)
		}
		parts = append(parts, text)
	}
	if n := len(l.view.Holds); n > 0 {
		parts = append(parts, "HELD by "+l.view.Holds[0].Owner+": "+printable(l.view.Holds[0].Reason)+perDay(l.view.Money))
	}
	return strings.Join(parts, "; ")
}

// badUsers names the states of users who are not where they should be, nor
// waiting.
func badUsers(s rollout.Stage) string {
	bad := cutover.Tally{}
	for _, state := range astray(s) {
		bad[state] = s.Users[state]
	}
	if len(bad) == 0 {
		return ""
	}
	return tally(bad)
}

// live shows the plan on a terminal.
func (w *planWatcher) live(ctx context.Context, a *app) error {
	first, err := w.look(ctx)
	if err != nil {
		return err
	}
	m := &watchModel{ctx: ctx, watcher: w, seen: first, width: 80, height: 24}
	_, err = tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(a.in), tea.WithOutput(a.err)).Run()
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return m.failure
}

// watchModel is the screen of a plan.
type watchModel struct {
	ctx     context.Context //nolint:containedctx // The toolkit calls a model without one.
	watcher *planWatcher
	seen    look
	failure error
	width   int
	height  int
}

type (
	lookMsg struct {
		seen look
		err  error
	}
	tickMsg struct{}
)

func (m *watchModel) Init() tea.Cmd { return m.tick() }

func (m *watchModel) tick() tea.Cmd {
	return tea.Tick(watchEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

func (m *watchModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if key := msg.String(); key == "q" || key == "ctrl+c" || key == "esc" {
			return m, tea.Quit
		}
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tickMsg:
		return m, func() tea.Msg {
			l, err := m.watcher.look(m.ctx)
			return lookMsg{l, err}
		}
	case lookMsg:
		if m.failure = msg.err; msg.err == nil {
			m.seen = msg.seen
		}
		return m, m.tick()
	}
	return m, nil
}

func (m *watchModel) View() tea.View { return tea.NewView(m.seen.screen(m.width, m.height, m.failure)) }

// screen draws a plan on so many columns and rows. Where they do not do, what
// matters least goes first. A failure to look again is said, and what was seen last
// stays.
func (l look) screen(width, height int, failure error) string {
	var all []string
	for _, d := range []detail{
		{grids: begun, failed: mostFailed, held: wholeHold},
		{grids: atWork, failed: mostFailed, held: wholeHold},
		{grids: atWork, failed: fewFailed, held: wholeHold},
		{grids: atWork, failed: fewFailed, held: wholeHold, folded: true},
		{grids: never, failed: fewFailed, held: fewOfHold, folded: true},
		{grids: never, failed: 1, held: 1, folded: true},
	} {
		if all = l.rows(width, d, failure); len(all) <= height {
			break
		}
	}
	if left := len(all) - height; left > 0 {
		all = append(all[:height-2], fmt.Sprintf("... %d more lines: dualtone plan status %s", left+1, l.view.Plan.Name), all[len(all)-1])
	}
	fit := lipgloss.NewStyle().MaxWidth(width)
	for i := range all {
		all[i] = fit.Render(all[i])
	}
	return strings.Join(all, "\n")
}

// detail is how much is told of a plan.
type detail struct {
	grids  func(rollout.Stage) bool // of which stages users are drawn
	failed int                      // how many of those are named who failed
	held   int                      // how many rows say why the plan is held
	folded bool                     // stages that passed are only counted
}

// fewFailed are named where there is little room.
const fewFailed = 3

// wholeHold rows tell of a hold whatever people write as a reason; fewOfHold are those
// where there is little room.
const (
	wholeHold = 20
	fewOfHold = 3
)

// wrapped breaks a text into at most so many rows of a width; the last one says by
// its end that there is more.
func wrapped(text string, width, most int) []string {
	all := strings.Split(lipgloss.Wrap(text, width, ""), "\n")
	if len(all) <= most {
		return all
	}
	all = all[:most]
	all[most-1] = lipgloss.NewStyle().MaxWidth(width-len(" ...")).Render(all[most-1]) + " ..."
	return all
}

func begun(s rollout.Stage) bool { return s.State != rollout.Pending && s.Users.Total() > 0 }

func atWork(s rollout.Stage) bool { return begun(s) && rollout.Next(s.State) != rollout.Over }

func never(rollout.Stage) bool { return false }

func (l look) rows(width int, d detail, failure error) []string {
	v := l.view
	all := []string{fmt.Sprintf("%s  %s since %s, as of %s", bold(v.Plan.Name), paint(v.Plan.State), clock(v.Plan.Since), clock(v.AsOf))}
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if failure != nil {
		add("%s %s", lipgloss.NewStyle().Reverse(true).Render(" NOT UP TO DATE "), printable(failure.Error()))
	}
	for _, h := range v.Holds {
		held := lipgloss.NewStyle().Reverse(true).Render(" HELD ") + " " + printable(h.String()) + perDay(v.Money)
		all = append(all, wrapped(held, width, d.held)...)
	}
	if m := v.Money; m != nil && !d.folded {
		add("%s", m.PerDay())
	}
	add("")
	names := 0
	for _, s := range v.Stages {
		names = max(names, len(s.ID))
	}
	passed := 0
	for _, s := range v.Stages {
		if d.folded && s.State == rollout.Passed {
			passed++
			continue
		}
		add("%-*s  %s", names, s.ID, l.stage(s))
		if d.grids(s) {
			add("  %s", grid(s.Users, max(20, min(width-4, 120))))
			add("  %s", legend(s.Users))
		}
	}
	if passed > 0 {
		add("%s passed", count(passed, "stage"))
	}
	if len(l.failed) > 0 {
		add("")
		add("not where they should be")
	}
	for _, u := range l.failed[:min(len(l.failed), d.failed)] {
		add("  %s %s %s%s", u.Stage, u.Person, u.State, because(printable(u.Detail)))
	}
	if left := len(l.failed) - d.failed; left > 0 {
		add("  and more: dualtone plan users %s --failed", v.Plan.Name)
	}
	for _, task := range v.Tasks {
		add("task %s: %s, %s, due %s", task.ID, task.State, task.Owner, clock(task.Due))
	}
	return append(all, "", "q leaves; the plan goes on")
}

// stage is a stage in a row: how far it is, what it waits for, and for how long.
func (l look) stage(s rollout.Stage) string {
	parts := []string{paint(s.State)}
	if n := s.Users.Total(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d on new", s.Users[cutover.OnNew], n))
	}
	if n := s.Users[cutover.Captured]; n > 0 { // captured, and waited for until they are free
		parts = append(parts, fmt.Sprintf("%d in drain", n))
	}
	ends := until(s.Until, l.view.AsOf)
	if ends != "" {
		ends = "until " + ends
	}
	for _, part := range []string{l.eta[s.ID], ends, printable(s.Detail)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "  ")
}

// grid draws the users of a stage by state, each cell as many of them as it
// takes for all to fit.
func grid(users cutover.Tally, cells int) string {
	total := users.Total()
	each := max(1, (total+cells-1)/cells)
	var b strings.Builder
	for _, s := range cutover.States() {
		if n := users[s]; n > 0 {
			b.WriteString(hue(s).Render(strings.Repeat(string(mark(s)), max(1, n/each))))
		}
	}
	if each > 1 {
		fmt.Fprintf(&b, " (%d a cell)", each)
	}
	return b.String()
}

// mark is the letter of a state, so that the grid is read without colors too.
func mark(s cutover.State) rune {
	switch s {
	case cutover.OnNew:
		return '#'
	case cutover.Planned:
		return '.'
	case cutover.Deferred:
		return 'd'
	case cutover.Skipped:
		return 's'
	case cutover.Restored:
		return 'o'
	case cutover.FailedClean, cutover.RestoreDrift, cutover.Unknown:
		return '!'
	default:
		return '>'
	}
}

func hue(s cutover.State) lipgloss.Style {
	style := lipgloss.NewStyle()
	switch mark(s) {
	case '#':
		return style.Foreground(lipgloss.Color("2"))
	case '!':
		return style.Foreground(lipgloss.Color("1"))
	case 'd', 's':
		return style.Foreground(lipgloss.Color("3"))
	case '>':
		return style.Foreground(lipgloss.Color("6"))
	default:
		return style
	}
}

func legend(users cutover.Tally) string {
	var all []string
	for _, s := range cutover.States() {
		if users[s] > 0 {
			all = append(all, fmt.Sprintf("%c %s %d", mark(s), s, users[s]))
		}
	}
	return strings.Join(all, "  ")
}

func bold(text string) string { return lipgloss.NewStyle().Bold(true).Render(text) }

// paint writes a state in the color of what it means.
func paint(s rollout.State) string {
	style := lipgloss.NewStyle()
	switch s {
	case rollout.Passed, rollout.Completed, rollout.Finalised:
		style = style.Foreground(lipgloss.Color("2"))
	case rollout.Failed, rollout.Partial, rollout.Unknown, rollout.Blocked, rollout.Rejected, rollout.RollbackIncomplete, rollout.RolledBackPartial:
		style = style.Foreground(lipgloss.Color("1"))
	case rollout.RollingBack, rollout.Aborting, rollout.AwaitingApproval:
		style = style.Foreground(lipgloss.Color("3"))
	default:
		style = style.Foreground(lipgloss.Color("6"))
	}
	return style.Render(string(s))
}
