package connectsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// object is a message or a part of one.
type object = map[string]any

// call is one request that was found to be well formed and signed.
type call struct {
	op      *operation
	path    func(name string) string
	query   url.Values
	body    []byte
	message object
}

type handler func(s *Server, c *call) (object, error)

// apiError is a refusal as the service words it.
type apiError struct {
	status        int
	kind, message string
	retryAfter    time.Duration
}

func (e *apiError) Error() string { return e.kind + ": " + e.message }

func invalidParameter(format string, args ...any) *apiError {
	return &apiError{status: 400, kind: "InvalidParameterException", message: fmt.Sprintf(format, args...)}
}

func invalidRequest(format string, args ...any) *apiError {
	return &apiError{status: 400, kind: "InvalidRequestException", message: fmt.Sprintf(format, args...)}
}

func notFound(what, id string) *apiError {
	return &apiError{status: 404, kind: "ResourceNotFoundException", message: fmt.Sprintf("no %s %q", what, id)}
}

func duplicate(what, name string) *apiError {
	return &apiError{status: 409, kind: "DuplicateResourceException", message: fmt.Sprintf("%s %q is there already", what, name)}
}

func (s *Server) routes() (*http.ServeMux, error) {
	mux := http.NewServeMux()
	todo := handlers()
	for name, op := range s.ops {
		h, ok := todo[name]
		if !ok {
			return nil, fmt.Errorf("connectsim: nothing serves %s", name)
		}
		mux.HandleFunc(op.method+" "+op.path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, op, h) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, nil, &apiError{status: 404, kind: "UnknownOperationException", message: r.Method + " " + r.URL.Path})
	})
	return mux, nil
}

const maxBody = 1 << 20

// serve suffers the planned fault, if any, and answers the request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, op *operation, h handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.requests[op.name]++
	s.mu.Unlock()
	fault, _ := s.world.Faults.NextOf(op.name, func() string { return r.Method + " " + r.URL.String() + " " + string(body) })
	switch fault.Kind {
	case sim.Refused:
		write(w, nil, &apiError{status: 503, kind: "ServiceUnavailableException", message: "try again later"})
		return
	case sim.Throttled:
		write(w, nil, &apiError{status: 429, kind: "ThrottlingException", message: "Rate exceeded", retryAfter: fault.RetryAfter})
		return
	case sim.Expired:
		write(w, nil, &apiError{status: 403, kind: "ExpiredTokenException", message: "The security token included in the request is expired"})
		return
	case sim.Failed:
		write(w, nil, &apiError{status: 500, kind: "InternalServiceException", message: "Request processing failed"})
		return
	case sim.Slow:
		wait(r, fault.Delay)
	case sim.CutShort, sim.AnswerLost:
	}
	answer, err := s.handle(r, op, h, body)
	switch fault.Kind {
	case sim.AnswerLost:
		hangUp(w, "")
	case sim.CutShort:
		text, _ := json.Marshal(answer)
		hangUp(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			max(len(text), 2), text[:len(text)/2]))
	default:
		write(w, answer, err)
	}
}

// handle checks the request as the service does and lets its operation run.
func (s *Server) handle(r *http.Request, op *operation, h handler, body []byte) (object, error) {
	if err := s.checkSignature(r, body); err != nil {
		return nil, err
	}
	if slices.Contains(s.opts.Denied, op.name) {
		return nil, &apiError{status: 403, kind: "AccessDeniedException", message: "not authorized to perform: connect:" + op.name}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if !s.take(op.name) {
		return nil, &apiError{status: 429, kind: "TooManyRequestsException", message: "Too Many Requests"}
	}
	c := &call{op: op, path: r.PathValue, query: r.URL.Query(), body: body, message: object{}}
	if err := c.read(); err != nil {
		return nil, err
	}
	if err := s.checkInstance(c); err != nil {
		return nil, err
	}
	return h(s, c)
}

// read decodes the message and checks it and the query against the model.
func (c *call) read() error {
	if len(c.body) > 0 && json.Unmarshal(c.body, &c.message) != nil {
		return &apiError{status: 400, kind: "SerializationException", message: "the body is not JSON"}
	}
	if err := c.op.request.check("", c.message); err != nil {
		return err
	}
	query := object{}
	for name, shape := range c.op.query.members {
		values := c.query[name]
		switch {
		case len(values) == 0:
		case shape.kind == "list":
			list := make([]any, len(values))
			for i, v := range values {
				list[i] = v
			}
			query[name] = list
		case shape.kind == "int":
			n, err := strconv.Atoi(values[0])
			if err != nil {
				return invalidParameter("%s must be a number", name)
			}
			query[name] = float64(n)
		default:
			query[name] = values[0]
		}
	}
	if err := c.op.query.check("", query); err != nil {
		return err
	}
	return nil
}

// into fills a struct from the message.
func (c *call) into(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return &apiError{status: 400, kind: "SerializationException", message: err.Error()}
	}
	return nil
}

// checkInstance refuses a request that is meant for another instance.
func (s *Server) checkInstance(c *call) error {
	named := c.path("InstanceId")
	if v, ok := c.message["InstanceId"].(string); ok && named == "" {
		named = v
	}
	if v := c.query.Get("instanceId"); v != "" && named == "" {
		named = v
	}
	if named == "" || bare(named) == s.opts.InstanceID {
		return nil
	}
	return notFound("instance", named)
}

// bare is the id in an ARN, or the id itself.
func bare(id string) string { return id[strings.LastIndex(id, "/")+1:] }

func write(w http.ResponseWriter, answer object, err error) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if err != nil {
		e, ok := errors.AsType[*apiError](err)
		if !ok {
			e = &apiError{status: 500, kind: "InternalServiceException", message: err.Error()}
		}
		status = e.status
		w.Header().Set("X-Amzn-Errortype", e.kind)
		if e.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((e.retryAfter+time.Second-1)/time.Second)))
		}
		answer = object{"message": e.message}
	}
	text, _ := json.Marshal(answer)
	if answer == nil {
		text = nil
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that has gone needs no answer
}

// hangUp breaks the connection after the given words.
func hangUp(w http.ResponseWriter, words string) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = buffered.WriteString(words)
	_ = buffered.Flush()
	_ = conn.Close()
}

func wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
