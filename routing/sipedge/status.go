package sipedge

// status is a SIP status code.
type status int

// The codes that a redirect server answers with.
const (
	none                 status = 0
	ok                   status = 200
	movedTemporarily     status = 302
	badRequest           status = 400
	notFound             status = 404
	methodNotAllowed     status = 405
	unsupportedURIScheme status = 416
	badExtension         status = 420
	noTransaction        status = 481
	loopDetected         status = 482
	tooManyHops          status = 483
	notImplemented       status = 501
	unavailable          status = 503
	versionNotSupported  status = 505
)

// line is the start line of an answer.
func (s status) line() string {
	switch s {
	case none:
		return ""
	case ok:
		return "SIP/2.0 200 OK\r\n"
	case movedTemporarily:
		return "SIP/2.0 302 Moved Temporarily\r\n"
	case badRequest:
		return "SIP/2.0 400 Bad Request\r\n"
	case notFound:
		return "SIP/2.0 404 Not Found\r\n"
	case methodNotAllowed:
		return "SIP/2.0 405 Method Not Allowed\r\n"
	case unsupportedURIScheme:
		return "SIP/2.0 416 Unsupported URI Scheme\r\n"
	case badExtension:
		return "SIP/2.0 420 Bad Extension\r\n"
	case noTransaction:
		return "SIP/2.0 481 Call/Transaction Does Not Exist\r\n"
	case loopDetected:
		return "SIP/2.0 482 Loop Detected\r\n"
	case tooManyHops:
		return "SIP/2.0 483 Too Many Hops\r\n"
	case notImplemented:
		return "SIP/2.0 501 Not Implemented\r\n"
	case unavailable:
		return "SIP/2.0 503 Service Unavailable\r\n"
	case versionNotSupported:
		return "SIP/2.0 505 Version Not Supported\r\n"
	default:
		return "SIP/2.0 500 Server Internal Error\r\n"
	}
}
