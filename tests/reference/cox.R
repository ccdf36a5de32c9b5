# Made-up times, and what R's survival and cmprsk say of them; run with the working directory here:
# Rscript --vanilla cox.R. The tests read cox_data.csv and cox.csv. survival 3.5-3, cmprsk 2.2-11.
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17)
set.seed(20260404)

people <- 160
rows <- 2 * people
person <- rep(seq_len(people), each = 2)
frailty <- rep(rgamma(people, 2, 2), each = 2)
age <- round(rnorm(rows, 35, 10))
sooner <- rbinom(rows, 1, 0.45)
dose <- round(runif(rows), 2)
site <- sample(c("a", "b", "c"), rows, replace = TRUE)
weight <- round(runif(rows, 0.4, 2.5), 1)
entry <- ifelse(runif(rows) < 0.6, 0, sample(1:10, rows, replace = TRUE))
rate <- frailty * 0.04 * exp(0.02 * (age - 35) + 0.6 * sooner - 0.8 * dose)
length <- ceiling(rexp(rows, rate))
leaving <- ceiling(rexp(rows, 0.02 * ifelse(site == "b", 2, 1)))
other <- ceiling(rexp(rows, 0.015 * exp(-0.5 * sooner)))
days <- pmin(entry + pmin(length, leaving, other), 60)
end <- ifelse(length <= pmin(leaving, other), "relapse",
              ifelse(other <= leaving, "died", "censored"))
end[days == 60] <- "censored"
data <- data.frame(person, age, sooner, dose, site, weight, entry, days, end)
write.csv(data, "cox_data.csv", row.names = FALSE)

found <- list()
keep <- function(model, quantity, value, term = "all")
  found[[length(found) + 1]] <<- data.frame(model, quantity, term, value = unname(value))
terms <- c("age", "sooner", "dose")

fits <- function(name, formula, weights = NULL, cluster = NULL, ties) {
  data$w <- if (is.null(weights)) 1 else data$weight
  data$unit <- if (is.null(cluster)) seq_len(rows) else data$person
  for (robust in c(FALSE, TRUE)) {
    fit <- if (robust) coxph(formula, data, weights = w, cluster = unit, ties = ties,
                             control = coxph.control(eps = 1e-11, iter.max = 60))
    else coxph(formula, data, weights = w, robust = FALSE, ties = ties,
               control = coxph.control(eps = 1e-11, iter.max = 60))
    if (!robust) {
      keep(name, "coefficient", coef(fit), terms)
      keep(name, "se_model", sqrt(diag(vcov(fit))), terms)
      keep(name, "log_likelihood", fit$loglik[2])
      keep(name, "null_log_likelihood", fit$loglik[1])
      keep(name, "score_test", fit$score)
    } else keep(name, "se", sqrt(diag(vcov(fit))), terms)
  }
}
right <- Surv(days, end == "relapse") ~ age + sooner + dose
late <- Surv(entry, days, end == "relapse") ~ age + sooner + dose
for (ties in c("efron", "breslow")) {
  fits(paste("plain", ties), right, ties = ties)
  fits(paste("late", ties), late, ties = ties)
  fits(paste("weights", ties), late, weights = TRUE, ties = ties)
  fits(paste("everything", ties), update(late, . ~ . + strata(site)), TRUE, TRUE, ties = ties)
  fits(paste("clusters", ties), update(right, . ~ . + strata(site)), NULL, TRUE, ties = ties)
}
one <- coxph(update(late, . ~ . + strata(site)), data, ties = "efron")
keep("one row", "residual", residuals(one, "score")[1, ], terms)

# Competing ends, with those who entered late left out.
early <- data[data$entry == 0, ]
status <- match(early$end, c("relapse", "died"), nomatch = 0)
for (cause in c("relapse", "died")) {
  for (groups in c("one", "site")) {
    cengroup <- if (groups == "site") match(early$site, c("a", "b", "c")) else rep(1, nrow(early))
    fit <- crr(early$days, status, early[, terms], cengroup = cengroup, gtol = 1e-14,
               maxiter = 60, failcode = match(cause, c("relapse", "died")), cencode = 0)
    name <- paste("fine_gray", cause, groups)
    keep(name, "coefficient", fit$coef, terms)
    keep(name, "se", sqrt(diag(fit$var)), terms)
    keep(name, "se_model", sqrt(diag(fit$invinf)), terms)
    keep(name, "log_likelihood", fit$loglik)
    keep(name, "null_log_likelihood", fit$loglik.null)
  }
}
early$end <- factor(early$end, c("censored", "relapse", "died"))
early$unit <- seq_len(nrow(early))
wide <- finegray(Surv(days, end) ~ ., early, etype = "relapse", id = unit)
fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + sooner + dose, wide, weights = fgwt,
             ties = "breslow", cluster = person, control = coxph.control(eps = 1e-11))
keep("finegray relapse", "coefficient", coef(fit), terms)
keep("finegray relapse", "se_weights_known", sqrt(diag(vcov(fit))), terms)
# Late entry, by the weights of Geskus.
everyone <- data
everyone$end <- factor(everyone$end, c("censored", "relapse", "died"))
everyone$unit <- seq_len(rows)
for (cause in c("relapse", "died")) {
  wide <- finegray(Surv(entry, days, end) ~ ., everyone, etype = cause, id = unit)
  for (by in c("unit", "person")) {
    wide$by <- wide[[by]]
    fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + sooner + dose, wide, weights = fgwt,
                 ties = "breslow", cluster = by, control = coxph.control(eps = 1e-11))
    keep(paste("late", cause, by), "coefficient", coef(fit), terms)
    keep(paste("late", cause, by), "se", sqrt(diag(vcov(fit))), terms)
  }
}
for (cause in c("relapse", "died")) {
  fit <- coxph(Surv(days, end == cause) ~ age + sooner + dose + strata(site), early,
               cluster = person, control = coxph.control(eps = 1e-11))
  keep(paste("cause_specific", cause), "coefficient", coef(fit), terms)
  keep(paste("cause_specific", cause), "se", sqrt(diag(vcov(fit))), terms)
}

# Gray's test within strata, of three groups and of two.
early$half <- ifelse(early$dose > 0.5, "more", "less")
test <- cuminc(early$days, early$end, early$site, strata = early$half, cencode = "censored")$Tests
for (cause in rownames(test)) {
  keep("gray strata", "statistic", test[cause, "stat"], cause)
  keep("gray strata", "p_value", test[cause, "pv"], cause)
}
test <- cuminc(early$days, early$end, early$sooner, strata = early$site, cencode = "censored")$Tests
for (cause in rownames(test)) keep("gray two", "statistic", test[cause, "stat"], cause)

all <- do.call(rbind, found)
all$value <- sprintf("%.16g", all$value)
write.csv(all, "cox.csv", row.names = FALSE, quote = c(1, 2, 3))
