#!/usr/bin/env bash
tr a-z A-Z < "$1"
