// Prints results to standard output; main() reports once at the end that it could not be written.
//
// fmt::print() writes into the buffer of a FILE itself, and beyond its end once the disk is full (fmt 12.1).
#pragma once

#include <fmt/format.h>

#include <iostream>
#include <utility>

namespace dha::app {

template <class... Values>
void print_output(fmt::format_string<Values...> format, Values&&... values) {
  std::cout << fmt::format(format, std::forward<Values>(values)...);
}

}  // namespace dha::app
