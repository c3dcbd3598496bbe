// Standard error as the verbs use it: a console that also shows long work, and only warnings with --quiet.
#pragma once

#include <boost/program_options/variables_map.hpp>

#include "process/long_work.hpp"
#include "report/console.hpp"

namespace dha::app {

// One object at a time.
class VerbConsole : public Console {
 public:
  explicit VerbConsole(const boost::program_options::variables_map& values);

 private:
  LongWorkWatch watch_;
};

}  // namespace dha::app
