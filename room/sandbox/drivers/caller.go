package main

// Calls one function of the program with the arguments on standard input and writes its result to descriptor 3. It works
// while the program is being initialised and ends it before main begins, so that the program may have a main or not.

import (
	roomjson "encoding/json"
	roomfmt "fmt"
	roomio "io"
	roomos "os"
	roomreflect "reflect"
)

func init() {
	fail := func(what ...interface{}) {
		roomfmt.Fprintln(roomos.Stderr, what...)
		roomos.Exit(1)
	}
	function := roomreflect.ValueOf(ROOM_FUNCTION)
	kind := function.Type()
	text, err := roomio.ReadAll(roomos.Stdin)
	if err != nil {
		fail(err)
	}
	var given []roomjson.RawMessage
	if err := roomjson.Unmarshal(text, &given); err != nil {
		fail(err)
	}
	if len(given) != kind.NumIn() {
		fail("the function takes", kind.NumIn(), "arguments, not", len(given))
	}
	arguments := make([]roomreflect.Value, len(given))
	for at, one := range given {
		value := roomreflect.New(kind.In(at))
		if err := roomjson.Unmarshal(one, value.Interface()); err != nil {
			fail("argument", at+1, "does not fit the function:", err)
		}
		arguments[at] = value.Elem()
	}
	call := function.Call
	if kind.IsVariadic() {
		call = function.CallSlice
	}
	var result interface{}
	if results := call(arguments); len(results) > 0 {
		result = results[0].Interface()
	}
	answer, err := roomjson.Marshal(result)
	if err != nil {
		fail(err)
	}
	if _, err := roomos.NewFile(3, "result").Write(answer); err != nil {
		fail(err)
	}
	roomos.Exit(0)
}
