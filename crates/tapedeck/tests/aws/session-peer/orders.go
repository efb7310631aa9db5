package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// What a request is noted under.
type key struct{}

// Notes what a request orders. It is passed on as it came, since it is signed.
func noted(request *http.Request) *http.Request {
	body, err := io.ReadAll(request.Body)
	must(err)
	var wanted order
	must(json.Unmarshal(body, &wanted))
	request.Body = io.NopCloser(bytes.NewReader(body))
	return request.WithContext(context.WithValue(request.Context(), key{}, wanted))
}
