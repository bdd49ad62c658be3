package connectsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	signatureScheme = "AWS4-HMAC-SHA256"
	signatureTime   = "20060102T150405Z"
	maxClockSkew    = 15 * time.Minute
)

// checkSignature computes the Signature Version 4 of the request from the known
// secret and refuses any other.
func (s *Server) checkSignature(r *http.Request, body []byte) error {
	header := r.Header.Get("Authorization")
	if header == "" {
		return forbidden("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	scheme, rest, _ := strings.Cut(header, " ")
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if scheme != signatureScheme || len(scope) != 5 || parts["SignedHeaders"] == "" || parts["Signature"] == "" {
		return forbidden("IncompleteSignatureException", "Authorization header is incomplete")
	}
	key, day, region, service, end := scope[0], scope[1], scope[2], scope[3], scope[4]
	if key != s.opts.AccessKeyID {
		return forbidden("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	if s.opts.SessionToken != r.Header.Get("X-Amz-Security-Token") {
		return forbidden("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	if service != "connect" || region != s.opts.Region || end != "aws4_request" {
		return forbidden("InvalidSignatureException", fmt.Sprintf("Credential should be scoped to a valid region and to service 'connect', not to %s/%s", region, service))
	}
	signedAt, err := time.Parse(signatureTime, r.Header.Get("X-Amz-Date"))
	if err != nil || signedAt.Format("20060102") != day {
		return forbidden("IncompleteSignatureException", "Date must be in ISO-8601 'basic format' and agree with the scope")
	}
	if skew := time.Since(signedAt).Abs(); skew > maxClockSkew {
		return forbidden("InvalidSignatureException", "Signature expired: the request's time differs from ours by "+skew.String())
	}
	signed := strings.Split(parts["SignedHeaders"], ";")
	if !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") {
		return forbidden("InvalidSignatureException", "host and x-amz-date must be signed")
	}
	text := strings.Join([]string{
		signatureScheme, r.Header.Get("X-Amz-Date"), strings.Join(scope[1:], "/"),
		digest([]byte(canonicalRequest(r, signed, body))),
	}, "\n")
	want := hex.EncodeToString(sum(signingKey(s.opts.SecretAccessKey, scope[1:]), text))
	if !hmac.Equal([]byte(want), []byte(parts["Signature"])) {
		return forbidden("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	}
	return nil
}

func forbidden(kind, message string) *apiError {
	return &apiError{status: 403, kind: kind, message: message}
}

// canonicalRequest is the request as both ends sign it.
func canonicalRequest(r *http.Request, signed []string, body []byte) string {
	var headers strings.Builder
	for _, name := range signed {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	return strings.Join([]string{
		r.Method, canonicalPath(r.URL), canonicalQuery(r.URL), headers.String(),
		strings.Join(signed, ";"), digest(body),
	}, "\n")
}

// canonicalPath escapes the path once more, as every service but S3 wants.
func canonicalPath(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		segments[i] = escape(segment)
	}
	return strings.Join(segments, "/")
}

func canonicalQuery(u *url.URL) string {
	var pairs []string
	for name, values := range u.Query() {
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escape keeps only the characters that RFC 3986 calls unreserved.
func escape(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), "%7E", "~")
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	default:
		return strings.Join(strings.Fields(strings.Join(r.Header.Values(name), ",")), " ")
	}
}

func signingKey(secret string, scope []string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range scope {
		key = sum(key, part)
	}
	return key
}

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func digest(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}
