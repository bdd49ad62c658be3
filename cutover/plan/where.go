package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/dualtone/dualtone"
)

const whereExample = `"sales-uk" in queue and site != "paris" and not vip`

// subject is what an expression may ask of a user.
type subject struct {
	ID         string              `expr:"id"`
	Name       string              `expr:"name"`
	Email      string              `expr:"email"`
	Extension  string              `expr:"extension"`
	Site       string              `expr:"site"`
	Team       string              `expr:"team"`
	Side       string              `expr:"side"`
	Numbers    []string            `expr:"numbers"`
	Queue      []string            `expr:"queue"`
	Skill      []string            `expr:"skill"`
	Language   []string            `expr:"language"`
	Shift      []string            `expr:"shift"`
	Tag        []string            `expr:"tag"`
	VIP        bool                `expr:"vip"`
	Supervisor string              `expr:"supervisor"`
	HuntGroup  []string            `expr:"hunt_group"`
	SharedLine []string            `expr:"shared_line"`
	Delegate   []string            `expr:"delegate"`
	Country    string              `expr:"country"`
	Department string              `expr:"department"`
	CostCenter string              `expr:"cost_center"`
	Timezone   string              `expr:"timezone"`
	Attributes map[string][]string `expr:"attributes"` // all of them, x_ ones too
}

func subjectOf(u *User) subject {
	a := u.Attributes
	return subject{
		ID: string(u.ID), Name: u.Name, Email: u.Email, Extension: u.Extension, Site: u.Site, Team: u.Team, Side: string(u.Side),
		Numbers: texts(u.Numbers...), Queue: a[dualtone.AttributeQueue], Skill: a[dualtone.AttributeSkill],
		Language: a[dualtone.AttributeLanguage], Shift: a[dualtone.AttributeShift], Tag: a[dualtone.AttributeTag],
		VIP: isVIP(u), Supervisor: a.First(dualtone.AttributeSupervisor), HuntGroup: a[dualtone.AttributeHuntGroup],
		SharedLine: a[dualtone.AttributeSharedLine], Delegate: a[dualtone.AttributeDelegate],
		Country: a.First(dualtone.AttributeCountry), Department: a.First(dualtone.AttributeDepartment),
		CostCenter: a.First(dualtone.AttributeCostCenter), Timezone: a.First(dualtone.AttributeTimezone), Attributes: a,
	}
}

// isVIP reads the column as people write it.
func isVIP(u *User) bool {
	switch strings.ToLower(u.Attributes.First(dualtone.AttributeVIP)) {
	case "", "no", "false", "0", "n":
		return false
	default:
		return true
	}
}

// compileWhere makes an expression ready to be asked of many users. Its result
// depends on the user alone: it has no clock.
func compileWhere(text string) (*vm.Program, error) {
	program, err := expr.Compile(text, expr.Env(subject{}), expr.AsBool(), expr.DisableBuiltin("now"), expr.MaxNodes(500))
	if err == nil {
		return program, nil
	}
	where, ok := errors.AsType[*file.Error](err)
	if !ok {
		return nil, &whereError{problem: err.Error()}
	}
	return nil, &whereError{problem: where.Message, column: where.Column + 1}
}

// whereError is what is wrong with an expression, at a character of it where that
// is known.
type whereError struct {
	problem string
	column  int
}

// Error tells what is wrong.
func (e *whereError) Error() string {
	if e.column == 0 {
		return "the expression cannot be read: " + e.problem
	}
	return fmt.Sprintf("the expression cannot be read at character %d: %s", e.column, e.problem)
}

// Unwrap makes it invalid input.
func (*whereError) Unwrap() error { return dualtone.ErrInvalid }
