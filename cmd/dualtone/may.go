package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/config"
)

// actions are what the commands do that reach the company's data, in the words of
// package access. Any other command touches files of whoever types it, or runs the
// program itself.
func actions() map[string]access.Action {
	return map[string]access.Action{
		"users import": access.PeopleImport, "users match": access.PeopleMatch, "users list": access.PeopleRead, "users show": access.PeopleRead,
		"switch": access.SwitchMove, "journal": access.JournalRead,
		"cohort create": access.CohortEdit, "cohort list": access.CohortRead, "cohort show": access.CohortRead, "cohort status": access.CohortRead,
		"cohort move": access.CohortMove, "cohort retry": access.CohortMove, "cohort rollback": access.CohortRollback,
		"cohort pause": access.CohortOrder, "cohort resume": access.CohortOrder, "cohort cancel": access.CohortOrder,
		"cohort skip": access.CohortOrder, "cohort window": access.CohortOrder,
		"plan list": access.PlanRead, "plan status": access.PlanRead, "plan watch": access.PlanRead, "plan users": access.PlanRead,
		"plan log": access.PlanRead, "plan outcome": access.PlanRead,
		"plan cohort": access.PlanRead, "plan diff": access.SwitchPreview, "plan rehearse": access.PlanRehearse,
		"plan differences list": access.PlanRead, "plan differences explain": access.DifferenceExplain, "plan differences withdraw": access.DifferenceExplain, "plan tasks list": access.PlanRead, "plan submit": access.PlanSubmit,
		"plan approve": access.PlanApprove, "plan reject": access.PlanReject, "plan start": access.PlanStart, "plan hold": access.PlanHold,
		"plan release": access.PlanRelease, "plan pause": access.PlanPause, "plan resume": access.PlanResume, "plan limits": access.PlanLimits,
		"plan skip": access.PlanSkip, "plan retry": access.PlanRetry, "plan override": access.PlanOverride, "plan rollback": access.PlanRollback,
		"plan reconcile": access.PlanReconcile, "plan evidence": access.PlanRead, "plan abort": access.PlanAbort, "plan finalise": access.PlanFinalise,
		"plan tasks done": access.PlanProgress, "plan tasks confirm": access.PlanProgress, "plan tasks refuse": access.PlanProgress, "plan tasks hand": access.PlanProgress,
		"route export": access.RouteRead, "route explain": access.RouteRead, "route show": access.RouteRead, "route strays": access.RouteRead,
		"route history": access.RouteRead, "route decisions": access.RouteRead,
		"route set": access.RouteChange, "route import": access.RouteChange, "route rollback": access.RouteChange, "route verify": access.RouteRead,
		"edge list":  access.RouteRead,
		"calls list": access.CallRead, "calls show": access.CallRead, "calls legs": access.CallRead,
		"calls translations": access.CallRead,
		"calls import":       access.CallImport, "calls watch": access.CallImport, "calls listen": access.CallImport, "calls fetch": access.CallImport,
		"calls ambiguous list": access.CallRead, "calls ambiguous rulings": access.CallRead, "calls clocks": access.CallRead, "route diff": access.RouteRead,
		"calls ambiguous decide": access.CallDecide, "calls ambiguous undo": access.CallDecide,
		"calls explain": access.CallDecide, "calls quarantine fix": access.CallRepair, "calls quarantine replay": access.CallRepair,
		"calls stitch": access.CallRepair, "calls reconcile": access.CallRead,
		"calls unmatched": access.CallRead, "calls quarantine list": access.CallRead, "calls quarantine show": access.CallRaw,
		"calls retain": access.CallErase, "calls erase": access.CallErase, "calls audit": access.AuditRead,
		"report traffic": access.ReportRead, "report accounting": access.ReportRead, "report closings": access.ReportRead, "report close": access.ReportClose,
		"report overlap": access.ReportFinance, "report forecast": access.ReportFinance, "report delay": access.ReportFinance,
		"report variance": access.ReportFinance, "report invoice-check": access.ReportFinance, "report notices": access.ReportFinance,
		"report deliver list": access.ReportRead, "report deliver history": access.ReportRead,
		"report deliver add": access.ReportDeliver, "report deliver remove": access.ReportDeliver, "report deliver run": access.ReportDeliver,
		"finance contracts import": access.FinanceWrite, "finance contracts list": access.ReportFinance, "finance contracts show": access.ReportFinance,
		"finance contracts diff": access.ReportFinance, "finance invoices import": access.FinanceWrite, "finance invoices list": access.ReportFinance,
		"finance sampling show": access.ReportFinance, "finance sampling off": access.FinanceWrite, "finance sampling on": access.FinanceWrite,
		"report deliver off": access.ReportDeliver, "report deliver on": access.ReportDeliver,
		"finance sample": access.FinanceWrite, "finance close": access.ReportClose, "finance reopen": access.ReportClose,
		"finance closings": access.ReportFinance,
		"plan window":      access.PlanWindow, "plan soak": access.PlanSoak,
		"plan canary record": access.PlanProgress, "plan canary confirm": access.PlanProgress, "plan canary list": access.PlanRead,
		"notify channels": access.PlanRead, "notify list": access.PlanRead, "notify test": access.NoticeSend, "notify retry": access.NoticeSend,
		"systems register": access.SystemRegister, "systems check": access.SystemCheck, "systems list": access.SystemRead,
		"audit list": access.AuditRead, "audit verify": access.AuditRead, "audit export": access.AuditExport,
		"glass break": access.BreakGlass, "glass mend": access.BreakGlass, "glass list": access.PlanRead,
		"token create": access.TokenOwn, "token list": access.TokenOwn, "token revoke": access.TokenOwn,
		"link share": access.LinkShare, "link list": access.LinkShare, "link revoke": access.LinkShare,
		"account create": access.AccountManage, "account list": access.AccountManage, "account change": access.AccountManage, "account password": access.AccountManage,
	}
}

// commandName is a command's path without the program's own name.
func commandName(cmd *cobra.Command) string {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	return name
}

// caller is who types the command. Whoever can reach the database can do anything
// to it; so as long as the settings name nobody, they hold every role, and with
// names in the settings those that are given to them.
func caller(cfg *config.Config, as string) access.Actor {
	who := access.Actor{Name: actor(cfg), Kind: access.Person, Via: "command line", Roles: access.Roles()}
	if as != "" {
		who.Name = as
	}
	if len(cfg.Actors) == 0 {
		return who
	}
	who.Roles = rolesOf(cfg.Actors[who.Name])
	return who
}

// may checks whether whoever types a command may, before it does anything, and
// puts into its context who that is.
func (a *app) may(cmd *cobra.Command, _ []string) error {
	action, known := actions()[commandName(cmd)]
	if !known {
		return nil
	}
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	if remote(cfg) {
		return checkServed(cmd, cfg) // and who may what is decided there
	}
	who := caller(cfg, flagOf(cmd, "as"))
	role, denied := who.As(action, access.Role(flagOf(cmd, "role")))
	if denied != nil {
		if who, err = a.withGlass(cmd.Context(), cfg, who); err != nil {
			return errors.Join(denied, err)
		}
		role, denied = who.As(action, access.Role(flagOf(cmd, "role")))
	}
	ctx := audit.Because(access.With(cmd.Context(), who), audit.Cause{
		Actor: who.Name, Role: string(role), Via: who.Via, Reason: flagOf(cmd, "reason"),
	})
	row, _ := access.Find(action)
	e := audit.Entry{Action: string(action), Object: strings.TrimSpace(commandName(cmd) + " " + strings.Join(cmd.Flags().Args(), " ")), Outcome: audit.Allowed}
	if denied != nil {
		e.Outcome, e.Role = audit.Denied, flagOf(cmd, "role")
		return errors.Join(denied, a.noteDenied(ctx, cfg, e))
	}
	if row.Writes && flagOf(cmd, "dry-run") != "true" {
		ctx = context.WithValue(ctx, entryKey{}, e)
	}
	cmd.SetContext(ctx)
	return nil
}

// withGlass is the caller with the roles that they hold for a while.
func (a *app) withGlass(ctx context.Context, cfg *config.Config, who access.Actor) (access.Actor, error) {
	s, err := a.openStores(ctx, cfg)
	if err != nil {
		return who, err
	}
	defer s.Close()
	given, err := s.accounts.Granted(ctx, who.Name, a.now().UTC())
	if len(given) > 0 {
		who.Roles = access.Holding(access.Account{Roles: who.Roles}, given, nil)
	}
	return who, err
}

type entryKey struct{}

// noteAllowed has the audit note what a command is about to do, once the database
// is open.
func noteAllowed(ctx context.Context, s *stores) error {
	e, ok := ctx.Value(entryKey{}).(audit.Entry)
	if !ok {
		return nil
	}
	return s.audit.Record(ctx, e)
}

// noteDenied has the audit note what somebody may not do.
func (a *app) noteDenied(ctx context.Context, cfg *config.Config, e audit.Entry) error {
	s, err := a.openStores(ctx, cfg)
	if err != nil {
		return fmt.Errorf("it is not in the audit: %w", err)
	}
	defer s.Close()
	return s.audit.Record(ctx, e)
}

func flagOf(cmd *cobra.Command, name string) string {
	if f := cmd.Flags().Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// local are the commands that reach no data of the company.
func local(name string) bool {
	return slices.Contains([]string{
		"up", "worker", "worker promote", "console", "edge", "ingest", "migrate", "version", "exit-codes", "roles", "audit guard",
		"config check", "config show", "systems capabilities", "report definitions",
		"finance contracts lint", "finance contracts schema", "finance focus check", "finance focus rules", "plan lint", "plan schema", "plan show",
		"evidence verify", "evidence keygen", "calls formats", "help", "man",
	}, name) || strings.HasPrefix(name, "completion")
}
