// What the trials of a searcher differ in: architectures, settings, or both (the parameter "over").
#pragma once

#include <ATen/core/Generator.h>

#include <string>
#include <vector>

#include "dha/nas/tunable_settings.hpp"
#include "dha/space.hpp"

namespace dha::nas {

class TrialDomain {
 public:
  // `over`: "architecture", "settings" or both. Throws Error{kInvalidParameter} for another name.
  explicit TrialDomain(const std::vector<std::string>& over);

  // Both references outlive the object. Throws Error{kInvalidConfig} if the space or the stage leaves nothing to draw,
  // or if settings alone are searched and the stage has no architecture.
  void attach(const Space& space, const Stage& stage, Context& context);

  bool has_architecture() const { return has_architecture_; }
  bool has_settings() const { return has_settings_; }
  const TunableSettings& settings() const { return settings_; }

  struct Point {
    std::string architecture;      // "" unless has_architecture()
    std::vector<double> settings;  // of settings(); empty unless has_settings()
  };

  // A random point whose architecture satisfies the constraints; `generator` is on the CPU. Throws
  // Error{kInvalidConfig} if no such architecture is found.
  Point draw(const at::Generator& generator) const;
  std::string draw_architecture(const at::Generator& generator) const;

  // A point that differs from `parent` in one decision of the architecture or in one dimension of the settings, each
  // being as likely as any other; more decisions differ only if constraints forbid the architectures nearby.
  Point mutate(const Point& parent, const at::Generator& generator) const;

 private:
  std::string mutate_architecture(const std::string& parent, const at::Generator& generator) const;

  bool has_architecture_ = false, has_settings_ = false;
  const Space* space_ = nullptr;
  const Stage* stage_ = nullptr;
  TunableSettings settings_;
};

}  // namespace dha::nas
