// As src/precompiled.hpp, for the tests.
#pragma once

#include "../src/precompiled.hpp"

#include <catch2/catch.hpp>
