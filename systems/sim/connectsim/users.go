package connectsim

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dualtone/dualtone/systems/sim"
)

const (
	connectManaged = "CONNECT_MANAGED"
	saml           = "SAML"
)

func atoi(text string) int {
	n, _ := strconv.Atoi(text) // it was checked against the model
	return n
}

func (s *Server) listUsers(c *call) (object, error) {
	return listed(s, c, "UserSummaryList", s.inst.users, all, func(u *user) object {
		return object{"Id": u.id, "Arn": s.arn("agent", u.id), "Username": u.username, "LastModifiedTime": epoch(u.changed)}
	})
}

func (s *Server) searchUsers(c *call) (object, error) {
	wanted, err := criteria(c.message, userFields())
	if err != nil {
		return nil, err
	}
	answer, err := listed(s, c, "Users", s.inst.users, wanted, func(u *user) object {
		// The search knows names and no addresses.
		return s.showUser(u, object{"FirstName": u.first, "LastName": u.last})
	})
	if err != nil {
		return nil, err
	}
	answer["ApproximateTotalCount"] = len(s.inst.users.order)
	return answer, nil
}

func (s *Server) showUser(u *user, identity object) object {
	return without(object{
		"Id": u.id, "Arn": s.arn("agent", u.id), "Username": u.username,
		"IdentityInfo": without(identity), "PhoneConfig": u.phone,
		"SecurityProfileIds": u.security, "RoutingProfileId": u.profile,
		"DirectoryUserId": u.directory, "HierarchyGroupId": u.hierarchy, "Tags": u.tags,
	})
}

func (s *Server) describeUser(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	shown := s.showUser(u, object{"FirstName": u.first, "LastName": u.last, "Email": u.email, "Mobile": u.mobile})
	shown["LastModifiedTime"] = epoch(u.changed)
	return object{"User": shown}, nil
}

func (s *Server) userOf(c *call) (*user, error) {
	u, ok := s.inst.users.get(c.path("UserId"))
	if !ok {
		return nil, notFound("user", c.path("UserId"))
	}
	return u, nil
}

type identityInfo struct {
	FirstName, LastName, Email, Mobile *string
}

type newUser struct {
	Username, Password string
	IdentityInfo       identityInfo
	PhoneConfig        *phoneConfig
	SecurityProfileIds []string //nolint:revive // The wire's name.
	RoutingProfileId   string   //nolint:revive,staticcheck // The wire's name.
	DirectoryUserId    string   //nolint:revive,staticcheck // The wire's name.
	HierarchyGroupId   string   //nolint:revive,staticcheck // The wire's name.
	Tags               map[string]string
}

func (s *Server) createUser(c *call) (object, error) {
	var in newUser
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if err := s.checkNewUser(in); err != nil {
		return nil, err
	}
	u := &user{
		id: s.idFor("user", in.Username), username: in.Username,
		security: in.SecurityProfileIds, directory: in.DirectoryUserId, hierarchy: in.HierarchyGroupId, tags: in.Tags,
		phone: phoneConfig{PhoneType: "SOFT_PHONE"}, changed: s.world.Now(),
	}
	u.identify(in.IdentityInfo)
	if in.PhoneConfig != nil {
		u.phone = *in.PhoneConfig
	}
	s.keepUser(u)
	s.giveProfile(u, bare(in.RoutingProfileId))
	s.world.PutPerson(sim.Person{ID: u.id, Name: u.name(), Login: u.username, Email: u.email})
	return object{"UserId": u.id, "UserArn": s.arn("agent", u.id)}, nil
}

func (s *Server) checkNewUser(in newUser) error {
	if err := s.checkIdentity(in); err != nil {
		return err
	}
	if in.PhoneConfig != nil {
		if err := in.PhoneConfig.check(); err != nil {
			return err
		}
	}
	if err := s.checkRights(in.SecurityProfileIds); err != nil {
		return err
	}
	if _, ok := s.inst.profiles.get(in.RoutingProfileId); !ok {
		return notFound("routing profile", in.RoutingProfileId)
	}
	if _, taken := s.inst.byUsername[strings.ToLower(in.Username)]; taken {
		return duplicate("user", in.Username)
	}
	return nil
}

var password = regexp.MustCompile(`^\S{8,64}$`)

// checkIdentity keeps the rules of the instance's identity management.
func (s *Server) checkIdentity(in newUser) error {
	mode := s.opts.IdentityManagement
	limit := 20
	if mode == saml {
		limit = 64
	}
	named := in.IdentityInfo.FirstName != nil && in.IdentityInfo.LastName != nil
	switch {
	case utf8.RuneCountInString(in.Username) > limit:
		return invalidParameter("Username has more than %d characters", limit)
	case mode == connectManaged && !strongPassword(in.Password):
		return invalidParameter("Password is missing or too weak")
	case mode != connectManaged && in.Password != "":
		return invalidRequest("Password must not be given with %s", mode)
	case mode == saml && in.IdentityInfo.Email != nil:
		return invalidRequest("Email must not be given with SAML")
	case mode != "EXISTING_DIRECTORY" && !named:
		return invalidParameter("FirstName and LastName are missing")
	default:
		return nil
	}
}

func strongPassword(text string) bool {
	return password.MatchString(text) && strings.ContainsAny(text, "0123456789") &&
		strings.ToLower(text) != text && strings.ToUpper(text) != text
}

func (s *Server) checkRights(ids []string) error {
	for _, id := range ids {
		if _, ok := s.inst.security.get(id); !ok {
			return notFound("security profile", id)
		}
	}
	return nil
}

func (s *Server) keepUser(u *user) {
	s.inst.users.put(u.id, u)
	s.inst.byUsername[strings.ToLower(u.username)] = u.id
}

func (u *user) name() string { return strings.TrimSpace(u.first + " " + u.last) }

// identify takes over what is given and leaves the rest.
func (u *user) identify(in identityInfo) {
	for _, f := range []struct {
		to   *string
		from *string
	}{{&u.first, in.FirstName}, {&u.last, in.LastName}, {&u.email, in.Email}, {&u.mobile, in.Mobile}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
}

func (s *Server) deleteUser(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	s.forget(u)
	_ = s.world.RemovePerson(u.id) // somebody may have removed them already
	return nil, nil
}

func (s *Server) forget(u *user) {
	delete(s.inst.byUsername, strings.ToLower(u.username))
	delete(s.inst.serving[u.profile], u.id)
	s.inst.users.remove(u.id)
}

func (s *Server) updateIdentity(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	var in struct{ IdentityInfo identityInfo }
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if s.opts.IdentityManagement == saml && in.IdentityInfo.Email != nil {
		return nil, invalidRequest("Email must not be given with SAML")
	}
	u.identify(in.IdentityInfo)
	u.changed = s.world.Now()
	return nil, s.world.ChangePerson(u.id, func(p *sim.Person) { p.Name, p.Email = u.name(), u.email })
}

func (s *Server) updateUserProfile(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		RoutingProfileId string //nolint:revive,staticcheck // The wire's name.
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	p, ok := s.inst.profiles.get(in.RoutingProfileId)
	if !ok {
		return nil, notFound("routing profile", in.RoutingProfileId)
	}
	s.giveProfile(u, p.id)
	u.changed = s.world.Now()
	return nil, nil
}

func (s *Server) updateUserRights(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		SecurityProfileIds []string //nolint:revive // The wire's name.
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if err := s.checkRights(in.SecurityProfileIds); err != nil {
		return nil, err
	}
	u.security, u.changed = in.SecurityProfileIds, s.world.Now()
	return nil, nil
}

func (s *Server) updatePhone(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	var in struct{ PhoneConfig phoneConfig }
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if err := in.PhoneConfig.check(); err != nil {
		return nil, err
	}
	u.phone, u.changed = in.PhoneConfig, s.world.Now()
	return nil, nil
}

func (p phoneConfig) check() error {
	if p.PhoneType == "DESK_PHONE" && p.DeskPhoneNumber == "" {
		return invalidParameter("a desk phone needs a DeskPhoneNumber")
	}
	return nil
}
