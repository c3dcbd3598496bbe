// A searcher that does not search: the architecture is given, and is trained as it stands.
#pragma once

#include <string>

#include "dha/plugin.hpp"

namespace dha {

class FixedArchitecture : public Searcher {
 public:
  static Schema schema();
  FixedArchitecture(const Params& params, Context& context);

  // Throws Error{kNotFound} where the file cannot be read, Error{kInvalidParameter} where it is not a JSON object, and
  // whatever the space throws where the architecture cannot be built.
  void attach(const Space& space) override;

  // Always true, so the host calls none of the functions that learn; gates() and learn() throw
  // Error{kContractViolation}.
  bool finished() const override { return true; }

  // The given text, verbatim.
  std::string architecture() const override { return architecture_; }

  void begin_epoch(const Progress&) override {}
  void before_step(SearchServices&) override {}
  Gates gates(const Progress& progress) override;
  void learn(const SearchStep& step) override;
  void end_epoch(SearchServices&) override {}
  void end_stage(SearchServices&) override {}
  std::string report() const override { return "{}"; }
  State state() const override { return {}; }
  void restore(const State&) override {}

 private:
  std::string read() const;

  std::string genotype_, genotype_file_;  // one of them is empty
  std::string architecture_;
};

}  // namespace dha
