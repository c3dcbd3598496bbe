// How long the rest of a run takes, read from what its work has cost so far.
//
// The cost of work is the time since the call before the one that reports it: seconds per trained image, per evaluated
// image, and per end of an epoch, which is the rest: checkpoints, the components' own work, the test images of a new
// best epoch. Costs are kept per kind of stage, and newer work counts for more: its weight halves with every ten
// minutes of work after it. The work that is left costs
//   - in the stage under way and in later stages of a kind that has been measured, what that kind costs;
//   - in other stages, what the kind that was measured last costs;
//   - per evaluated image, where none has been measured, a third of a trained one, as there is no backward pass.
// So the estimate knows nothing of a stage that ends before its last epoch, and has no costs to begin with. What a run
// did before it was resumed is neither measured nor left. The time that --max-minutes leaves is the upper bound.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dha {

// The work of a stage, or what is left of it. In a stage of trials, of all trials together.
struct StageWork {
  std::string kind;      // stages of one kind cost the same
  double trained = 0;    // images, each counted in every epoch
  double evaluated = 0;  // images
  double epochs = 0;
};

// [one thread]
class RunTimeEstimate {
 public:
  // `stages`: all stages of the run in order. `limit`: seconds that the run may still take, if there is a limit. `now`:
  // seconds of a steady clock. By default those of --max-minutes and of the system.
  using Limit = std::function<std::optional<double>()>;
  using Clock = std::function<double()>;
  explicit RunTimeEstimate(std::vector<StageWork> stages, Limit limit = nullptr, Clock now = nullptr);

  // The stage at `index` is under way.
  void begin_stage(size_t index);

  // The time up to now is no work of the stage.
  void skip();

  // The time since the last call of any of these was spent on so many images, or on an epoch's end.
  void note_trained(double images);
  void note_evaluated(double images);
  void note_epoch_end();

  // Seconds until the run ends, at least 0; `left`: of the stage under way, whose kind it is. NaN while nothing is
  // known.
  double seconds_left(const StageWork& left) const;

 private:
  // Seconds per unit.
  struct Cost {
    double seconds = 0, units = 0;
    void add(double more_units, double more_seconds);
    bool is_known() const { return units > 0; }
    double value() const { return seconds / units; }
  };
  struct Costs {
    Cost trained, evaluated, epoch_end;
  };

  double lap();
  Costs& current();
  double seconds_of(const StageWork& work) const;

  std::vector<StageWork> stages_;
  Limit limit_;
  Clock now_;
  size_t stage_ = 0;
  double lap_begun_ = 0;
  std::map<std::string, Costs> costs_;  // by kind
  std::string newest_;                  // kind that was measured last
};

}  // namespace dha
