package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"

	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// awsSecret is the example key of the vendor's own documents, which the
// simulator knows.
const awsSecret = connectsim.DefaultSecret

// partialSuccess is dualtone's exit code when not everybody arrived.
const partialSuccess = 7

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

// configuration is the dualtone.yaml of the sample company.
func configuration(up map[string]ready, stack *devstack.Stack) string {
	pbx, cloud, org := up["asterisk"], up["connect"], up["salesforce"]
	host, port, _ := net.SplitHostPort(pbx.Address)
	queues := ""
	for _, name := range queueNames() {
		queues += fmt.Sprintf("    %s: %s\n", name, cloud.Queues[name])
	}
	return fmt.Sprintf(`# The sample company of the demo.
database:
  url: env:DEMO_DATABASE
temporal:
  address: %s
  namespace: %s
systems:
  pbx:
    kind: asterisk
    host: %s
    port: %s
    username: %s
    secret: env:DEMO_PASSWORD
  cloud:
    kind: amazonconnect
    endpoint: %s
    region: %s
    instance_id: %s
    access_key_id: %s
    secret_access_key: env:DEMO_AWS_SECRET
    parked_security_profile: %s
  crm:
    kind: salesforce
    my_domain: %s
    consumer_key: %s
    consumer_secret: env:DEMO_PASSWORD
    organization: %s
    sandbox: true
    permission_sets: [%s]
    permission_set_licenses: {%s: CloudPhonePsl}
migration:
  old: pbx
  new: cloud
  crm: crm
  call_centers: {old: %s, new: %s}
  permission_sets: [%s]
  licenses: [%s]
  queues:
%s  reach: "%s{extension}"
  drain: {wait: 12s, poll: 300ms}
  patience: 6s
  region: US
cohort:
  window: 8
`, stack.TemporalAddress, stack.Namespace, host, port, managerName,
		cloud.Address, connectRegion, cloud.Instance, connectsim.DefaultKey, connectsim.Parked,
		org.Address, consumerKey, org.Org, org.Grant, org.Grant, org.CallCenters[0], org.CallCenters[1],
		org.Grant, connectsim.AgentRights, queues, reachPrefix)
}
