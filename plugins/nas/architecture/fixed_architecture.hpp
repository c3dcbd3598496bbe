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
  void attach(const Space& space, const Stage& stage) override;

  // Always true, so the host asks for no gates.
  bool finished() const override { return true; }

  // The given text, verbatim.
  std::string architecture() const override { return architecture_; }

  // Throws Error{kContractViolation}.
  Gates gates(const GateRequest& request) override;

 private:
  std::string read() const;

  std::string genotype_, genotype_file_;  // one of them is empty
  std::string architecture_;
};

}  // namespace dha
